FROM debian:13
# want-next "asked? for no password|ask for no password"
RUN echo "app ALL=(ALL) NOPASSWD: ALL" >> /etc/sudoers
# want-next "password is removed"
RUN passwd -d app
# want-next "rights of root"
RUN useradd -o -u 0 toor
# want-next "ask for no password"
COPY <<EOF /etc/sudoers.d/app
app ALL=(ALL:ALL) NOPASSWD:ALL
EOF
# want-next "ask for no password"
RUN cat <<EOF > /etc/sudoers.d/app
app ALL=(ALL:ALL) NOPASSWD:ALL
EOF
# bulwark:ignore BW2819: a builder
RUN passwd -d app
