FROM alpine:3.22
# want-next "apt-get"
RUN apt-get -o Acquire::https::Verify-Peer=false update
# want-next "apt-get"
RUN apt-get -oAcquire::https::example.com::Verify-Host=0 update
# want-next "composer"
RUN composer config -g disable-tls true
# want-next "composer"
RUN composer config secure-http false
# want-next "conda"
RUN conda config --set ssl_verify false
# want-next "bundle"
RUN bundle config set ssl_verify_mode 0
# bulwark:ignore BW2841: lab
RUN conda config --set ssl_verify no
