# syntax=docker/dockerfile:1
# escape=\
# The image of the shop.
FROM alpine:3.22
