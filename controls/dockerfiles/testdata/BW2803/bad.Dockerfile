# want-next "anyway"
FROM --platform=$TARGETPLATFORM alpine:3.22 AS a
# want-next "anyway"
FROM  --platform=${TARGETPLATFORM}   alpine:3.22
# check=skip=RedundantTargetPlatform
FROM --platform=$TARGETPLATFORM alpine:3.22
