FROM node:24
# want-next "line 4"
COPY . .
RUN npm ci
FROM python:3.14
# bulwark:ignore BW2335: tiny
COPY . .
RUN pip install -r requirements.txt
