# want-next "\"Build\""
FROM golang:1.27 AS Build
FROM debian:13
COPY --from=Build /a /a
# check=skip=StageNameCasing
FROM debian:13 AS X
