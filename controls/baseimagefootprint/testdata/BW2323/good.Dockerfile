FROM fedora:43 AS build
RUN yum -y install gcc
FROM fedora:43
COPY --from=build /a /a
RUN yum -y install bash && yum clean all && yum -y install zsh && yum clean all
RUN yum clean all
RUN yum -y install bash && rm -rf /var/cache/*
RUN if true; then yum -y install tbb && yum clean all ; fi
