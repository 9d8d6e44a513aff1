FROM debian:13
# want-next "when wget fails"
RUN wget -O - https://some.site | wc -l > /number
SHELL ["/bin/bash", "-c"]
# want-next "when wget fails"
RUN wget -O - https://some.site | wc -l > /number
# hadolint ignore=DL4006
RUN a | b
