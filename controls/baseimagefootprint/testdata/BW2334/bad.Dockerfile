FROM debian:13
COPY . /app
# want-next "line 2"
RUN chown -R 10001 /app
# bulwark:ignore BW2334: small
RUN chmod -R g+w /app
