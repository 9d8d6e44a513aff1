FROM debian:13
# want-next "\"bundler\""
RUN gem install bundler
# hadolint ignore=DL3028
RUN gem install bundler
