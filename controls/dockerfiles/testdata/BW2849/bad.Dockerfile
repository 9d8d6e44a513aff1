FROM debian:13
# want-next "replaced"
RUN ln -sf /bin/bash /bin/sh
# hadolint ignore=DL4005
RUN ln -sf /bin/bash /bin/sh
