FROM alpine:3.22
RUN pip install --index-url https://pypi.shop.example/simple x
ENV PIP_INDEX_URL=https://pypi.shop.example/simple
