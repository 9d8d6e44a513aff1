FROM debian:13
WORKDIR /app
WORKDIR "/path/to/workdir"
WORKDIR $HOME/x
WORKDIR C:\\app
