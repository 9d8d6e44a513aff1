FROM debian:13
RUN pip install requests==2.32 "a>=1" ./x git+https://example.com/x@v1 x.whl
RUN pip install -r requirements.txt
RUN pip install -c c.txt x
