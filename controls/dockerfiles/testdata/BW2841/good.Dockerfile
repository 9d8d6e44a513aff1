FROM alpine:3.22
RUN apt-get -o Acquire::Retries=3 update
RUN conda config --set ssl_verify true
RUN composer config secure-http true
