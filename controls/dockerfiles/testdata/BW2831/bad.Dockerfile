FROM debian:13
# want-next "without a checksum"
ADD https://example.com/x.tar.gz /tmp/
# want-next "without encryption"
ADD http://example.com/x.tar.gz /tmp/
# want-next "without a commit"
ADD https://github.com/org/repo.git#main /src
# checkov:skip=CKV_DOCKER_2:x
# bulwark:ignore BW2831: immutable
ADD https://example.com/y /tmp/
