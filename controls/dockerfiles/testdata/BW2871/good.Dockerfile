FROM golang:1.27 AS build
FROM debian:13
