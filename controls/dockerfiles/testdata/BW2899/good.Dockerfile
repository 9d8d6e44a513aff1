FROM alpine:3.22
RUN grep y /x && x=$(date) && cp "$X" /y && printf '%s' "$x" && make > /log 2>&1 && sort /x > /y
RUN find /x -print0 | xargs -0 rm && read -r x && [ -f /a ] && mkdir -m 700 /a && grep -E x /y && ln -s /x /y && a && b || true
RUN IFS= read -r x < /y && echo abc | sudo tee /z && rm ./*.txt && V=x make && ls
