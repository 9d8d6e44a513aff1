FROM debian:13
RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*
RUN apt-get update && apt-get install -y curl && rm -rf /var/cache /var/lib/apt/lists
RUN apt-get update && apt-get distclean
RUN --mount=type=cache,target=/var/lib/apt --mount=type=cache,target=/var/cache/apt apt-get update && apt-get install -y curl
RUN apt-get update && apt-get install -y x && rm -rf /var/lib/{apt,dpkg}/lists/*
