FROM debian:13
# unknown-next "base image may set it"
ENV A=$JAVA_HOME
