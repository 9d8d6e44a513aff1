FROM opensuse/leap:16.0
RUN zypper -n install curl && zypper --non-interactive in vim && zypper install -y x && zypper refresh
