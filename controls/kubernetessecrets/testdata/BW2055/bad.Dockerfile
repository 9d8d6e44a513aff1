FROM alpine:3.22 AS build
RUN aws configure set aws_access_key_id x
FROM alpine:3.22
COPY --from=build /a /a
# want-next "aws stores" "aws stores"
RUN aws configure set aws_access_key_id test-id && aws configure set aws_secret_access_key $K
# want-next "gcloud stores"
RUN gcloud auth activate-service-account --key-file=/x
# want-next "az stores"
RUN az login -u x -p $P
# want-next "docker stores"
RUN docker login -u x --password $P
# want-next "npm stores"
RUN npm config set //registry.npmjs.org/:_authToken $T
# bulwark:ignore BW2055: throw-away
RUN az login -p $P
