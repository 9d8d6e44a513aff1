FROM node:24
RUN yarn install && yarn cache clean
RUN yarn build
RUN yarn --version
RUN --mount=type=cache,target=/root/.cache/yarn yarn install
