FROM golang:1.27 AS build
# want-next "itself .*\"BUILD\""
COPY --from=BUILD /a /b
FROM alpine:3.22
# want-next "itself .*\"1\""
COPY --from=1 /a /b
# want-next "no stage 7"
COPY --from=7 /a /b
# want-next "itself .*\"1\""
RUN --mount=type=bind,from=1,target=/x ls /x
COPY --from=0 /a /c
COPY --from=build /a /d
# hadolint ignore=DL3023
COPY --from=1 /a /e
