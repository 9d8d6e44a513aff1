# syntax=evil.example/frontend:1
# want-prev "read by \"evil.example/frontend:1\""
FROM alpine:3.22
