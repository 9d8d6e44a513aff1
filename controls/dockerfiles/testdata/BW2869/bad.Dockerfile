ARG VERSION=1
FROM scratch
# want-next "VERSION is empty here"
LABEL version=$VERSION
# want-next "TARGETARCH is empty here"
ENV ARCH=$TARGETARCH
# want-next "nothing gives APP a value"
COPY a $APP/b
ENV APP_DIR=/x
# want-next "APPDIR has no value here; APP_DIR has one"
WORKDIR $APPDIR
# check=skip=UndefinedVar
WORKDIR $NOPE
