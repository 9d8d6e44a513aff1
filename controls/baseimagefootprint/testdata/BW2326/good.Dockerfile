FROM python:3.14 AS build
RUN pip install x
FROM python:3.14
COPY --from=build /a /a
RUN pip install --no-cache-dir x
RUN --mount=type=cache,target=/root/.cache/pip pip install x
RUN PIP_NO_CACHE_DIR=1 pip install x
RUN pip install x && pip cache purge
RUN pip3 list
ENV PIP_NO_CACHE_DIR=true
RUN pip install x
