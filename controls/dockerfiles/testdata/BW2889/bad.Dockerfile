FROM debian:13
# want-next "dash does not know \\[\\["
RUN [[ -f /x ]] && true
# want-next "arrays: SC3030"
RUN a=(1 2); true
# want-next "&>: SC3020"
RUN make &> /log
# want-next "source: SC3046" "pipefail"
RUN set -o pipefail; source /x
# want-next "SC3060"
RUN echo ${x/a/b}
# want-next "SC3009"
RUN mkdir -p /a/{b,c}
# want-next "SC3014"
RUN [ "$a" == b ]
# want-next "SC3037"
RUN echo -e "a"
# want-next "SC3001"
RUN diff <(a) <(b)
# want-next "SC3011"
RUN cat <<< x
FROM alpine:3.22
# want-next "ash does not know arrays"
RUN a=(1 2); true
# hadolint ignore=SC3010
RUN [[ -f /x ]]
