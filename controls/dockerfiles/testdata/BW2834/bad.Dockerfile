FROM alpine:3.22
# want-next "pip"
RUN pip install --trusted-host pypi.example x
# want-next "python3"
RUN python3 -m pip install --trusted-host=pypi.example x
# want-next "PIP_TRUSTED_HOST"
ENV PIP_TRUSTED_HOST=pypi.example
# want-next "PIP_TRUSTED_HOST"
RUN PIP_TRUSTED_HOST=x pip install y
# want-next "pip"
RUN pip config set global.trusted-host pypi.example
# bulwark:ignore BW2834: lab
ENV PIP_TRUSTED_HOST=a
