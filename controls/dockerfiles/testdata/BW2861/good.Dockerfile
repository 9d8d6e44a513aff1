FROM debian:13
CMD ["sh", "-c", "exec /app --port \"$PORT\""]
RUN ["make", "-j4"]
