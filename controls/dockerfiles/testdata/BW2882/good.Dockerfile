FROM debian:13
RUN pip install "requests>=2" 'urllib3<3' > /dev/null
RUN pip install x > 2.log
