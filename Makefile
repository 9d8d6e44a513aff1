# Bulwark. Two commands are all there is to set up:
#   make run     build, judge examples/, print the scorecard
#   make test    everything; installs what it needs
export GOTOOLCHAIN := local
export GOFLAGS     ?= -mod=readonly

GO      := go
BIN     := bin/bulwark
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo 0.1.0-dev)
LDFLAGS := -s -w -X main.version=$(VERSION)

.PHONY: help run build test test-fast test-lab vet lint bench fuzz conformance lab docs clean say

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: build ## build, judge examples/, print the scorecard
	@echo "── bulwark scan examples (a small shop with a few deliberate faults)"
	@$(BIN) scan examples --fail-on never

build: ## compile bin/bulwark
	@echo "── compiling bulwark (the first time downloads modules and takes some minutes)"
	@mkdir -p bin && CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/bulwark

test: vet test-fast lint test-lab ## everything
	@echo "── all tests passed"

vet:
	@echo "── formatting and vet"
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo 'run gofmt on:'; gofmt -l $$(git ls-files '*.go'); exit 1; }
	@$(GO) vet ./...

test-fast: ## the tests that need no cluster
	@echo "── tests that need nothing but Go"
	$(GO) test ./...

lint:
	@echo "── linters pinned in tools/"
	@cd tools && $(GO) build -o ../bin/staticcheck honnef.co/go/tools/cmd/staticcheck
	@# SA1019 off: to judge what is deprecated, one has to name it.
	@bin/staticcheck -checks inherit,-SA1019 ./...

test-lab: ## the tests against a real etcd and kube-apiserver
	@echo "── tests against a real API server (the first time builds it: about 12 CPU-minutes)"
	@# real packets need nft and ip; as root they are installed where they are missing
	@command -v nft >/dev/null && command -v ip >/dev/null || [ "$$(id -u)" != 0 ] || { apt-get update -qq && apt-get install -y --no-install-recommends nftables iproute2; }
	cd lab && $(GO) run ./cmd/lab build --controllers && $(GO) test -timeout 30m ./...
	@echo "── tests against the code of Istio"
	cd lab/istio && $(GO) test ./...

bench: build ## speed and memory against their limits; APPS=DIR adds manifests of real applications, DOCKERFILES=DIR real Dockerfiles
	@$(GO) run ./internal/bench $(if $(APPS),-apps "$(APPS)") $(if $(DOCKERFILES),-dockerfiles "$(DOCKERFILES)")
	@$(GO) test ./internal/ytree -run '^$$' -bench . -benchtime 1s | grep -E 'Benchmark|ok'

fuzz: ## every fuzz target for a minute
	@$(GO) run ./internal/fuzzall -time $(or $(FUZZTIME),60s)

conformance: ## score against other projects' verdicts: CONFORMANCE=DIR [ORACLE=NAME] [V=1]
	@$(GO) run ./conformance -dir "$(CONFORMANCE)" -oracle "$(ORACLE)" $(if $(V),-v)

lab: ## a real API server to try things on, until Ctrl-C
	cd lab && $(GO) run ./cmd/lab up

docs: ## write docs/controls from the controls
	$(GO) run ./internal/docgen

clean:
	rm -rf bin .cache
