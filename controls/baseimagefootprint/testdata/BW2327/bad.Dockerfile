FROM node:24
# want-next "yarn leaves"
RUN yarn install
# want-next "yarn leaves"
RUN yarn && yarn build
# hadolint ignore=DL3060
RUN yarn install
