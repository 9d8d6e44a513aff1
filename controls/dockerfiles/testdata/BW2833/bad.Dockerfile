FROM alpine:3.22
# want-next "wget"
RUN wget --no-check-certificate https://example.com
# bulwark:ignore BW2833: lab
RUN wget --no-check-certificate https://x.example
