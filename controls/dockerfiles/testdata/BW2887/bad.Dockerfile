FROM debian:13
# want-next "SC2046"
RUN chown $(id -u) /x
# want-next "d stands without quotes: SC2086"
RUN d="$(mktemp -d)" && tar -C $d -xf /x
# want-next "f stands"
RUN for f in *.txt; do cat $f; done
# hadolint ignore=SC2086
RUN d=$(mktemp -d) && rm -r $d
