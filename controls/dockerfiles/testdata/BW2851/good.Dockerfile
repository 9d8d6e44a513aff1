FROM debian:13
COPY package.json yarn.lock my_app/
COPY a b .
COPY a b
COPY multi:8b8864b3e02a33a579dc216fd51b28a6047bc8eeaa03045b258980fe0cf7fcb3 in myfile
