FROM debian:13
RUN curl -fsSLo tool https://example.com/tool && echo "0123  tool" | sha256sum -c - && chmod +x tool
RUN curl -fsSL https://example.com/x.tar.gz | tar xz
RUN wget https://example.com/x.tar.gz && gpg --verify x.tar.gz.asc && ./x
RUN curl https://example.com/list | python3 -m json.tool
RUN curl https://example.com/ok
