FROM fedora:43 AS build
RUN zypper -y install gcc
FROM fedora:43
COPY --from=build /a /a
RUN zypper -y install bash && zypper clean && zypper -y install zsh && zypper clean
RUN zypper clean
RUN zypper -y install bash && rm -rf /var/cache/*
RUN if true; then zypper -y install tbb && zypper clean ; fi
