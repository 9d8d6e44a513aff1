# unknown-next "does not tell"
FROM registry.example/shop/base:1
RUN true
