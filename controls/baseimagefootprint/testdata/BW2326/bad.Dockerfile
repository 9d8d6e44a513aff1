FROM python:3.14
# want-next "pip install keeps"
RUN pip install x
# want-next "python3 install keeps"
RUN python3 -m pip install -r requirements.txt
# hadolint ignore=DL3042
RUN pip install x
