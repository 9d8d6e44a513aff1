FROM debian:13
# want-next "deprecated"
MAINTAINER shop <shop@example.com>
# want-next "deprecated"
MAINTAINER "The $hop" "x"
# hadolint ignore=DL4000
MAINTAINER x
