FROM golang:1.27 AS build
from golang:1.27 as other
From golang:1.27 AS third
