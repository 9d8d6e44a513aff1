# want-next "\"alpine:3.22\", without a digest"
FROM alpine:3.22
# bulwark:ignore BW2415: base of the house
FROM alpine:3.21
