# checkov:skip=CKV_DOCKER_3:the pod sets it
FROM alpine:3.22
