FROM alpine:3.22 AS build
COPY .npmrc /root/
FROM alpine:3.22
COPY --from=build /root/.npmrc /x
# want-next "\".env\""
COPY app .env /app/
# want-next "\"keys/server.key\""
COPY keys/server.key /etc/
# want-next "\"id_rsa\""
ADD id_rsa /root/.ssh/
# want-next "copied to"
COPY ./config $AWS_CONFIG_FILE
COPY /src /app/
# want-next "GOOGLE_APPLICATION_CREDENTIALS"
ENV GOOGLE_APPLICATION_CREDENTIALS="./app/google.json"
# bulwark:ignore BW2053: example
COPY .netrc /root/
