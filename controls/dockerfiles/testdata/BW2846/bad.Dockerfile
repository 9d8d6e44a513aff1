FROM alpine:3.22
# want-next "pip"
RUN pip install --extra-index-url https://pypi.shop.example/simple x
# want-next "PIP_EXTRA"
ENV PIP_EXTRA_INDEX_URL=https://pypi.shop.example/simple
# want-next "PIP_EXTRA"
RUN PIP_EXTRA_INDEX_URL=https://pypi.shop.example/simple pip install x
# bulwark:ignore BW2846: lab
ENV PIP_EXTRA_INDEX_URL=https://x.example
