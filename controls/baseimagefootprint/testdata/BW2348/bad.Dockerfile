FROM debian:13
# want-next "latest"
RUN go install golang.org/x/tools/cmd/goimports@latest
# want-next "\"example.com/x\""
RUN go get example.com/x
# want-next "\"example.com/x\""
RUN go run -tags x example.com/x a.b
# hadolint ignore=DL3062
RUN go install golang.org/x/tools/cmd/goimports@latest
