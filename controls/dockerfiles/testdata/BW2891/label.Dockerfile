FROM scratch
LABEL org.opencontainers.image.ref.name=registry.example/shop/labelled
COPY app /app
