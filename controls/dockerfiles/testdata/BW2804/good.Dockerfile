FROM golang:1.27 AS build
FROM node:24 AS assets
FROM scratch
