FROM debian:13
# want-next "\"\\$PORT\" in a list"
CMD ["/app", "--port", "$PORT"]
# want-next "\"&&\""
RUN ["make", "&&", "true"]
# want-next "\"~/x\""
ENTRYPOINT ["cat", "~/x"]
# bulwark:ignore BW2861: it expands itself
CMD ["/app", "$PORT"]
