FROM alpine:3.22
ENV MODE=production TOKENIZER=yes PASSWORD_FILE=/run/secrets/pw
ARG GITHUB_TOKEN
RUN curl -H "Authorization: Bearer $GITHUB_TOKEN" https://example.com
ENV DB_PASSWORD=$DB_PASSWORD
