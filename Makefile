# tongban: `make help` lists the targets.

GO       ?= go
PKGS     ?= ./...
DEMO_DIR ?= ./demo
FUZZTIME ?= 10s

VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS   = -s -w -funcalign=16 -X main.version=$(VERSION)
BUILD     = $(GO) build -trimpath -buildvcs=false -tags "$(TAGS)" -ldflags "$(LDFLAGS)"

# FTS5 is off in go-sqlite3 unless asked for, in tests as in the product.
TAGS     = sqlite_fts5
export CGO_ENABLED = 1

# The folders that hold Go code; an absent one is no fault.
ROOMS    = $(wildcard cmd api federation store node configs)

.DEFAULT_GOAL := help
.PHONY: help tools web web-test build test vet test-long fuzz bench e2e simulate demo demo-check demo-reset generate clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  PKGS=./configs/...  limits test, vet and fuzz; DEMO_DIR=./demo is the demo's data; FUZZTIME=10s"

tools:
	@.ci/need go gcc

# The pages are built before the program that they are embedded in, and only
# when something of theirs changed.
WEB      = api/web
WEBFILES = $(shell find $(WEB)/src $(WEB)/public -type f ! -name schema.ts 2>/dev/null) $(WEB)/index.html $(WEB)/vite.config.ts $(WEB)/pack.mjs $(WEB)/old.mjs api/openapi.yaml

$(WEB)/node_modules/.package-lock.json: $(WEB)/package.json $(WEB)/package-lock.json
	@.ci/need node npm
	@echo "正在安装页面的构建工具…… installing what builds the pages"
	cd $(WEB) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(WEB)/dist/index.html.gz: $(WEB)/node_modules/.package-lock.json $(WEBFILES)
	cd $(WEB) && npm run --silent build
	@touch $@

web: $(WEB)/dist/index.html.gz ## the pages, built into the program

web-test: $(WEB)/node_modules/.package-lock.json ## the pages' types and unit tests
	cd $(WEB) && npm run --silent check && npm run --silent test

build: tools web ## bin/tongban
	@mkdir -p bin
	@echo "正在编译，首次约需两分钟…… building; the first time takes about two minutes"
	$(BUILD) -o bin/tongban ./cmd/tongban

vet: tools
	@unformatted=$$(gofmt -l $(ROOMS)); if [ -n "$$unformatted" ]; then \
		echo "gofmt -w 可修正以下文件 / gofmt -w mends these files:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet -tags "$(TAGS)" $(PKGS)

test: vet web-test ## format, vet and every test, with the race detector
	GO="$(GO)" GOFLAGS="$(GOFLAGS) -tags=$(TAGS)" .ci/test $(PKGS)

test-long: vet ## the tests with their large numbers (TONGBAN_LONG=1)
	TONGBAN_LONG=1 GOTMPDIR="$${TMPDIR:-/tmp}" TMPDIR="$$(.ci/memory)" $(GO) test -race -gcflags="golang.org/x/crypto/...=-race=false" -tags "$(TAGS)" -timeout 120m $(PKGS)

fuzz: tools ## every fuzz target for FUZZTIME
	GOFLAGS="$(GOFLAGS) -tags=$(TAGS)" .ci/fuzz $(FUZZTIME) $(PKGS)

bench: build ## speed and size, beside the ceilings of disk, SQLite and Raft
	$(BUILD) -o bin/tongban-bench ./cmd/bench
	bin/tongban-bench

e2e: build ## the pages in a real browser (Debian's chromium); E2E="village desk" is some
	@.ci/need chromium pdftotext
	cd $(WEB) && npm run --silent e2e -- $(E2E:%=e2e/%.test.mjs)

# The year is about what is recorded, not about disks: in memory where there is
# room, or it would be mostly fsync.
SIMULATE     ?=
SIMULATE_TMP ?= $(shell [ "$$(df --output=avail -k /dev/shm 2>/dev/null | tail -n1)" -gt 8000000 ] 2>/dev/null && echo /dev/shm || echo "$${TMPDIR:-/tmp}")

simulate: tools ## a year of a whole county from a seed; SIMULATE="-seed 7 -cases 5000"
	@mkdir -p bin
	$(BUILD) -o bin/tongban-simulate ./cmd/simulate
	TMPDIR="$(SIMULATE_TMP)" bin/tongban-simulate $(SIMULATE)

demo: build ## a county, two townships and four villages on this machine
	bin/tongban demo --dir "$(DEMO_DIR)"

demo-check: build ## the demo's walk without a person, on free ports; ends with JSON
	bin/tongban demo --check

demo-reset: build ## remove the demo's data
	bin/tongban demo --reset --dir "$(DEMO_DIR)"

generate: tools ## write generated code anew
	$(GO) generate $(PKGS)

clean: ## remove what was built
	rm -rf bin $(WEB)/node_modules
	find $(WEB)/dist -mindepth 1 ! -name .keep -delete
