# want-next "there is no USER"
FROM scratch
COPY app /app
