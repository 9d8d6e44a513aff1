FROM debian:13
RUN npm install -g yarn@1.22 @angular/cli@20 org/repo ./x git+https://example.com/x.git
RUN npm ci
RUN npm install
