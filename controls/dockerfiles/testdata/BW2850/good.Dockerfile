FROM debian:13
ADD app.tar.gz /app
ADD https://example.com/x /x
ADD git@github.com:org/repo.git /src
ADD file:8b8864b3e02a33a579dc216fd51b28a6047bc8eeaa03045b258980fe0cf7fcb3 in /
ADD <<EOF /etc/motd
hello
EOF
COPY a /b
