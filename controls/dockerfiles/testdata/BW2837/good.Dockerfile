FROM alpine:3.22
RUN npm config set strict-ssl true
RUN npm config get strict-ssl || false
RUN npm install strict-ssl false
RUN echo false | yarn install strict-ssl true > out.txt
