FROM debian:13
RUN if true; then echo x; fi
SHELL ["pwsh", "-Command"]
RUN if ($x) { 'a' }
