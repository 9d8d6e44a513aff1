FROM debian:13
ENV APP=/app
ENV APP=/app2 PATH=$APP/bin:$PATH
ENV A=1 B=2
