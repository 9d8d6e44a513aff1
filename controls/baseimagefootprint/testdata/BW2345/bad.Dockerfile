FROM debian:13
# want-next "\"requests\""
RUN pip install -U requests flask==3
# want-next "\"x\""
RUN python -m pip install x
# hadolint ignore=DL3013
RUN pip install -U requests flask==3
