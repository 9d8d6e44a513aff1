FROM alpine:3.22
# want-next "rpm"
RUN rpm -i --nosignature x.rpm
# want-next "rpm"
RUN rpm --nodigest -Uvh x.rpm
# bulwark:ignore BW2845: lab
RUN rpm -i --noverify x.rpm
