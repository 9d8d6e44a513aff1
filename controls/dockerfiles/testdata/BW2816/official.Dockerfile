FROM haproxy:3.2
COPY haproxy.cfg /usr/local/etc/haproxy/
