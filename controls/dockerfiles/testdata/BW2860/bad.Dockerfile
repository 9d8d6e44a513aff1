FROM debian:13
# want-next "no JSON"
CMD ['/app', '--x']
# want-next "no JSON"
ENTRYPOINT ["/app", "--x",]
# want-next "no JSON"
RUN [ 'a', 'b' ]
# bulwark:ignore BW2860: test
CMD ['/app']
