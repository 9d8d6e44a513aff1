FROM alpine:3.22
# want-next "curl is told"
RUN curl -k https://example.com
# want-next "curl"
RUN curl -fsSLk https://example.com -o x
# want-next "curl"
RUN true && curl --insecure https://example.com
# want-next "curl"
RUN ["curl", "--insecure", "https://example.com"]
# want-next "curl"
RUN sh -c "curl -k https://example.com"
# bulwark:ignore BW2832: lab
RUN curl -k https://example.com
