FROM alpine:3.22
COPY dist /src
