FROM registry.example/base:1
RUN true
