FROM alpine:3.22
# want-next "npm"
RUN npm config set strict-ssl false
# want-next "npm"
RUN npm set "strict-ssl"=false
# want-next "npm"
RUN npm c set strict-ssl false
# want-next "yarn"
RUN yarn config set strict-ssl false -g
# want-next "ENV"
ENV NPM_CONFIG_STRICT_SSL=false
# want-next "ENV"
ENV npm_config_strict_ssl false
# want-next "npm"
RUN set -eux && if true; then npm config set strict-ssl  false; fi
# want-next "npm"
RUN npm install --no-strict-ssl x
# bulwark:ignore BW2837: lab
RUN npm set strict-ssl false
