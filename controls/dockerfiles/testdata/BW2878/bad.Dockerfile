# params: {"schema": ["team", "org.opencontainers.image.source=url", "rev=hash", "when=rfc3339", "lic=spdx", "ver=semver", "who=email"]}
FROM debian:13
ARG DATE
# want-next "is empty"
LABEL team=""
# want-next "type url"
LABEL org.opencontainers.image.source=here
# want-next "type hash"
LABEL rev=main
# want-next "type rfc3339"
LABEL when=yesterday
# want-next "type spdx"
LABEL lic="MIT License"
# want-next "type semver"
LABEL ver=1.2
# want-next "type email"
LABEL who="Shop <a@example.com>"
# unknown-next "\"when\" is not known"
LABEL when=$DATE
# hadolint ignore=DL3053
LABEL when=now
