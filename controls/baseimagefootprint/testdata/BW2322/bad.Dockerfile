FROM alpine:3.22
# want-next "keeps the index"
RUN apk add python3
# want-next "keeps the index"
RUN apk upgrade --no-cache && apk add python3
# want-next "keeps the index"
RUN apk add bash --no-cacher
# want-next "keeps the index"
ONBUILD RUN apk add bash
# hadolint ignore=DL3019
RUN apk add bash
