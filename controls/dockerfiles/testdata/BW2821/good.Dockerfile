FROM debian:13
RUN chmod 1777 /data && chmod 777 /tmp && chmod +x /run.sh && chmod -w /etc/x && chmod 0755 /app && chmod o-w /x
COPY --chmod=0755 a /a
