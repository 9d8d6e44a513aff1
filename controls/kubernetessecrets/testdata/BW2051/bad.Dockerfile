FROM alpine:3.22
# want-next "ENV GITHUB holds"
ENV GITHUB=ghp_16C7e42F292c6912E7710c838347Ae178B4a
# want-next "ARG DB_PASSWORD holds"
ARG DB_PASSWORD=Tr0ub4dor-and-3x
# want-next "command line of curl"
RUN curl -H "Authorization: Bearer ghp_16C7e42F292c6912E7710c838347Ae178B4a" https://example.com
# want-next "X in RUN holds"
RUN X=ghp_16C7e42F292c6912E7710c838347Ae178B4a make
# want-next "ADD holds"
ADD https://user:S3cr3tP4ss9x@example.com/x.tgz /
# want-next "here-document"
COPY <<XX /root/.netrc
password = "Tr0ub4dor-and-3x9"
XX
# bulwark:ignore BW2051: revoked
ENV GITHUB=ghp_16C7e42F292c6912E7710c838347Ae178B4a
