# syntax=evil.example/docker/dockerfile:1
# bulwark:ignore-file BW2416: our mirror
FROM alpine:3.22
