# params: {"deny": ["docker.io"]}
# want-next "\"docker.io\" forbids"
FROM nginx:1.29
# want-next "\"docker.io\" forbids"
COPY --from=org/x:1 /a /a
# bulwark:ignore BW2413: mirrored
FROM nginx:1.29
