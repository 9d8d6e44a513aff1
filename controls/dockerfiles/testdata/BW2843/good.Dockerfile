FROM alpine:3.22
RUN apt-get install -y x
RUN echo "deb [signed-by=/etc/apt/keyrings/x.asc] https://example.com/ ./" > /etc/apt/sources.list.d/x.list
