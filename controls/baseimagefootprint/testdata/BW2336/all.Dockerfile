FROM alpine:3.22
# want-next "left out of the build by \"\\*\" in line 1"
COPY . /src
