FROM alpine:3.22
RUN adduser -D -u 10001 app
COPY --chown=app:app app /app
USER app
