FROM debian:13
RUN gem install bundler:2.7
RUN gem install bundler -v 2.7
