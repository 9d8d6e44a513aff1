FROM alpine:3.22
COPY .env.example ca.pem id_rsa.pub package.json /app/
ENV GOOGLE_APPLICATION_CREDENTIALS=/credentials/x.json
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci
