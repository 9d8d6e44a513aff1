FROM debian:13
# want-next "ADD copies"
ADD app.jar /app.jar
# want-next "ADD copies"
ADD --chown=1:1 a b /x/
# want-next "ADD copies"
add app.jar /app.jar
# want-next "ADD copies"
ADD --unpack=false a /b
# want-next "ADD copies"
ADD a x.tar.gz /b/
# want-next "ADD copies"
ONBUILD ADD . /app
# hadolint ignore=DL3020
ADD app.jar /app.jar
