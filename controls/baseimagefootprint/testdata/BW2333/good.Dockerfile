FROM debian:13 AS build
COPY setup.sh /tmp/setup.sh
RUN rm /tmp/setup.sh
FROM debian:13
COPY --from=build /a /a
RUN --mount=type=bind,source=setup.sh,target=/tmp/setup.sh sh /tmp/setup.sh && rm -rf /tmp/other
