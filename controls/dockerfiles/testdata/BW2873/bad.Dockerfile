arg X
FROM debian:13
RUN true
# want-next "\"run\""
run true
# want-next "\"Run\""
Run true
COPY a /b
