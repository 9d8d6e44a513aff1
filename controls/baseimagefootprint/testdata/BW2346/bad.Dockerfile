FROM debian:13
# want-next "\"yarn\"" "\"@angular/cli\""
RUN npm install -g yarn @angular/cli
# hadolint ignore=DL3016
RUN npm install -g yarn @angular/cli
