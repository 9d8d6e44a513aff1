FROM debian:13
RUN rm -rf "${DIR:?}/" && rm -rf /usr/local/x && rm -rf "$DIR/cache" && rm /etc && rm -rf /var/lib/apt/lists/*
