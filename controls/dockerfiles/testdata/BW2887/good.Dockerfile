FROM debian:13
ARG PKGS
RUN apt-get install -y $PKGS
RUN d="$(mktemp -d)" && tar -C "$d" -xf /x && x=$d
RUN v=1.2 && tar -xf app-$v.tar
RUN for i in 1 2 3; do echo $i; done
RUN a='x y'; echo ${#a}
