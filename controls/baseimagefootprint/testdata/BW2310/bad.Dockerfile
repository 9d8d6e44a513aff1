ARG V=11
FROM node:18 AS build
# want-next "\"debian:11\""
FROM debian:${V}
COPY --from=build /a /a
# bulwark:ignore BW2310: moving soon
FROM python:3.9-slim
