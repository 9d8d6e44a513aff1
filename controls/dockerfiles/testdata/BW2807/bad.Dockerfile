FROM golang:1.27 AS build
FROM alpine:3.22 AS run
# unknown-next "\"biuld\" is no stage"
COPY --from=biuld /a /b
# want-next "\"late\" is defined below, on line 13"
COPY --from=late /a /b
# unknown-next "\"context9\""
RUN --mount=type=bind,from=context9,target=/c cp /c/a /a
COPY --from=nginx:1.29 /a /b
COPY --from=ghcr.io/shop/tool /a /b
# hadolint ignore=DL3022
COPY --from=late /a /c
FROM alpine:3.22 AS late
