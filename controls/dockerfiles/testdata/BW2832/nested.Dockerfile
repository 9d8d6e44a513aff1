FROM debian:13
# unknown-next "what bash is given cannot be read: .*followed by a statement list"
RUN bash -c "curl -k https://example.com | ("
