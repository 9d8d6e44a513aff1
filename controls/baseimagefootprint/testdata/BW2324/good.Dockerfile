FROM fedora:43 AS build
RUN dnf -y install gcc
FROM fedora:43
COPY --from=build /a /a
RUN dnf -y install bash && dnf clean all && dnf -y install zsh && dnf clean all
RUN dnf clean all
RUN dnf -y install bash && rm -rf /var/cache/*
RUN if true; then dnf -y install tbb && dnf clean all ; fi
