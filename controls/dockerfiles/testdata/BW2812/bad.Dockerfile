# The release of the base.
ARG VERSION=3.22
# want-prev "does not start"
# check=experimental=InvalidDefinitionDescription

# makes the program
FROM alpine:${VERSION} AS build
# want-prev "does not start"
