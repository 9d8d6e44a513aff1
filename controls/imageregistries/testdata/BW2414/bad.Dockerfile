ARG TAG="latest"
ARG NONE
ARG REGISTRY
# want-next "\"nginx\""
FROM nginx
# want-next "\"nginx:latest\""
FROM nginx:${TAG}
# want-next "\"localhost:5000/x\""
FROM localhost:5000/x AS x
# want-next "\"ubuntu\""
FROM ${REGISTRY}/ubuntu
# want-next "\"alpine\""
FROM alpine$NONE
# unknown-next "not known"
FROM alpine:${NONE}
# unknown-next "not known"
FROM ${NONE}
# want-next "COPY is \"nginx:latest\""
COPY --from=nginx:latest /a /a
# hadolint ignore=DL3006
FROM nginx
