# params: {"deny": ["docker.io"]}
FROM quay.io/org/x:1
