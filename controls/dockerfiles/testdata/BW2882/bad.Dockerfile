FROM debian:13
# want-next "\">=2\""
RUN pip install requests>=2
# want-next "\"<3\""
RUN pip install urllib3<3
# bulwark:ignore BW2882: odd
RUN pip install requests>=2
