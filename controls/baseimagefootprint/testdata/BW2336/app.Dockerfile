FROM alpine:3.22
# want-next "\"dist/app\" is left out of the build by \"/dist\" in line 2 of testdata/BW2336/app.Dockerfile.dockerignore"
COPY dist/app /app
# want-next "server.log"
ADD src server.log /var/log/
COPY --from=build dist /dist
COPY *.log /var/log/
ADD https://example.com/dist /dist
COPY src .
ARG WHERE=dist
# want-next "\"dist/x\" is left out"
COPY ${WHERE}/x /x
# want-next "\"dist\" is left out"
ONBUILD COPY dist /dist
# hadolint ignore=DL3010
# check=skip=CopyIgnoredFile
COPY dist/y /y
COPY <<dist /z
x
dist
