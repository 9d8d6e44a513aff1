# want-next "\"scratch\""
FROM alpine:3.22 AS scratch
# want-next "\"Context\""
FROM alpine:3.22 AS Context
# hadolint ignore=DL3063
FROM alpine:3.22 AS context
