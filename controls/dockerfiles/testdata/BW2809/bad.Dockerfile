# The image of the shop.
# syntax=docker/dockerfile:1
# want-prev "\"syntax\" stands too low"
FROM alpine:3.22
