FROM debian:13
# want-next "\"/app\" may be written"
RUN chmod -R 777 /app
# want-next "\"/app/x\" may be written"
RUN mkdir /app && chmod a+w /app/x
# want-next "runs as its owner"
RUN chmod u+s /bin/tool
# want-next "runs as its owner"
RUN chmod 4755 /bin/tool
# want-next "may be written"
COPY --chmod=0666 a /a
# bulwark:ignore BW2821: shared by design
RUN chmod 777 /data
