FROM debian:13
RUN go install golang.org/x/tools/cmd/goimports@v0.30.0
RUN go install ./cmd/x
RUN go run main.go x.y
RUN go build example.com/x
