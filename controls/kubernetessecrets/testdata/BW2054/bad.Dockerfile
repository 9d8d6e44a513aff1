FROM alpine:3.22
# want-next "cp writes the secret \"netrc\""
RUN --mount=type=secret,id=netrc,target=/x cp /x /root/.netrc
# want-next "cat writes the secret \"tok\""
RUN --mount=type=secret,id=tok cat /run/secrets/tok > /etc/tok
# want-next "echo writes the secret \"t\""
RUN --mount=type=secret,id=t,env=T echo "//r:_authToken=$T" >> ~/.npmrc
# want-next "echo writes the secret \"t\""
RUN --mount=type=secret,id=t,env=T echo "$T" | tee /etc/t
# bulwark:ignore BW2054: public
RUN --mount=type=secret,id=netrc,target=/x cp /x /y
