# Litoria: build, test and try. `make help` lists the targets.
GO      ?= go
BIN     := bin
PREFIX  ?= /usr/local
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X github.com/litoria-fax/litoria/protocol.Version=$(VERSION)
COMMANDS := $(notdir $(wildcard cmd/*))
CLIENTS  := sendfax faxstat faxrm faxalter faxcover
# For engineers: not in anybody's PATH.
HELPERS  := faxend faxreplay faxstudy
export CGO_ENABLED = 0

.DEFAULT_GOAL := build
.PHONY: help build $(COMMANDS) demo test race verify fuzz bench bench-line bench-hfaxd bench-iax soak-iax iax-table line-table loss-table loss-relay times times-asterisk times-between crash crash-real faxq-table week interop clients install clean

help: ## list the targets
	@sed -n 's/^\([a-z%-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

build: $(COMMANDS) ## build every command into bin/ (static, no C)

$(COMMANDS):
	@mkdir -p $(BIN)
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/$@ ./cmd/$@

demo: build ## send three documents from line 1000 to line 1001 and look at what arrives (KEEP=1: leave it running)
	$(BIN)/faxdemo $(if $(KEEP),-keep) -out demo-out

test: ## every test that needs nothing but Go
	$(GO) vet ./...
	$(GO) test ./...

race: ## the same under the race detector, shuffled (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race -shuffle=on ./...

verify: ## formatting, vet, tests, builds for all targets
	@test -z "$$(gofmt -l cmd modemdrv iax spool protocol sched document interop *.go)" || { gofmt -l .; exit 1; }
	$(GO) vet ./... && $(GO) vet -tags interop ./...
	$(MAKE) test clients

FUZZTIME ?= 30s
fuzz: ## every fuzz target for FUZZTIME (default 30s)
	@GO="$(GO)" .ci/fuzz $(FUZZTIME)

bench: ## benchmarks of everything
	$(GO) test -run '^$$' -bench . ./...

# The benchmarks and tables below run beside spandsp, called through its library.
bench-line: ## our modems and spandsp's, side by side: ns per sample
	$(GO) test -tags interop -run '^$$' -bench Line ./interop/spandsp

bench-faxq: ## faxq with 100,000 jobs: start, memory, decisions, submit to dial; throughput of 200 lines
	$(GO) test -run '^$$' -bench . ./sched
	LITORIA_BENCH_JOBS=100000 $(GO) test -run '^$$' -bench . -timeout 30m ./sched/faxq

bench-hfaxd: ## HylaFAX's hfaxd and ours under the same load, into docs/hfaxd-load.md (root; two minutes)
	interop/setup
	CGO_ENABLED=0 $(GO) test -tags interop -count=1 -v -run 'TestLoad$$' -benchtime 500ms ./interop/clients -loadtable $(CURDIR)/docs/hfaxd-load.md

line-table: ## measure the modems on simulated lines into docs/line-table.md (ten minutes)
	$(GO) run -tags interop ./interop/spandsp/linetable -o docs/line-table.md

times: ## measure how long calls are, ours and spandsp's, into docs/times.md (ten seconds)
	$(GO) run -tags interop ./interop/spandsp/times -o docs/times.md

times-asterisk: build ## the same in real time beside HylaFAX with iaxmodem over Asterisk: its last chapter (root; sixteen minutes)
	interop/setup
	LITORIA_TIMES_TABLE=$(CURDIR)/docs/times.md $(GO) test -tags interop,times -count=1 -v -run 'TestTimes$$' -timeout 40m ./interop/fax

times-between: build ## from sendfax to the dialing, and between the calls of a line, in real time: the last chapter of docs/times.md (root; four minutes)
	interop/setup
	LITORIA_TIMES_TABLE=$(CURDIR)/docs/times.md $(GO) test -tags interop,times -count=1 -v -run 'TestBetween$$' -timeout 10m ./interop/fax

CRASHTIME ?= 60s
crash: ## kill -9 faxq, hfaxd and lines during traffic for CRASHTIME (default 60s); every fax exactly once, or said so
	LITORIA_CRASH_TIME=$(CRASHTIME) $(GO) test -tags crash -count=1 -v -timeout 24h ./interop/crash

crash-real: ## the same with real lines, in the time that telephones take: CRASHTIME of killing (60s), then minutes of peace
	LITORIA_CRASH_REAL=1 LITORIA_CRASH_TIME=$(CRASHTIME) $(GO) test -tags crash -count=1 -v -timeout 24h -run TestRealLines ./interop/crash

FAXQJOBS ?= 0,1000,10000,30000
faxq-table: faxq ## HylaFAX's faxq and ours with long queues, side by side, into docs/faxq-table.md (root; three minutes)
	interop/setup
	LITORIA_QUEUE_JOBS=$(FAXQJOBS) LITORIA_QUEUE_TABLE=$(CURDIR)/docs/faxq-table.md $(GO) test -tags interop -count=1 -v -timeout 60m ./interop/queue

week: ## a week of traffic in a second: waiting time by priority, calls for each fax, use of the lines
	$(GO) test -count=1 -v -run Week ./sched

bench-iax: ## 100 lines and 50 calls in one process, the exchange in another: CPU, memory, lateness (30 seconds)
	$(GO) test -tags interop -count=1 -run 'TestLoad$$' -v ./interop/iax

SOAK ?= 1h
soak-iax: ## twelve lines registered at Asterisk and calls between them for SOAK (default 1h): qualify must stay OK
	LITORIA_SOAK=$(SOAK) $(GO) test -tags interop -count=1 -run 'TestSoak$$' -v -timeout 25h ./interop/iax

iax-table: build ## a fax over each option of Asterisk, in both directions, into docs/iax-interop.md (root; five minutes)
	interop/setup
	LITORIA_TABLE=$(CURDIR)/docs/iax-interop.md CGO_ENABLED=0 $(GO) test -tags interop -count=1 -run 'TestFax' -timeout 15m -v ./interop/iax

LOSSCALLS ?= 10
loss-table: ## measure faxes over bad networks in virtual time into docs/loss-table.md (seven minutes)
	$(GO) test ./iax/exchange -count=1 -timeout 30m -run TestLossTable -losstable $(CURDIR)/docs/loss-table.md -losscalls $(LOSSCALLS)

loss-relay: build ## the same in real time over real sockets with a relay between: its last chapter (root; six minutes)
	interop/setup
	LITORIA_RELAY_TABLE=$(CURDIR)/docs/loss-table.md CGO_ENABLED=0 $(GO) test -tags interop,relay -count=1 -v -run 'TestRelayTable$$' -timeout 20m ./interop/iax

interop: build ## tests against Asterisk, HylaFAX, iaxmodem, spandsp and libtiff (root; installs them)
	interop/setup
	CGO_ENABLED=0 $(GO) test -tags interop -count=1 -p 1 -timeout 25m ./interop/...

interop-mix: build ## each program ours or HylaFAX's, in all combinations, into docs/mix.md
	interop/setup
	LITORIA_MIX_TABLE=$(CURDIR)/docs/mix.md CGO_ENABLED=0 $(GO) test -tags interop,mix -count=1 -timeout 25m ./interop/mix

interop-clients: build ## HylaFAX's clients and ours with both servers, and curl, lftp, Python, Perl, into docs/clients-table.md (a minute)
	interop/setup
	LITORIA_CLIENTS_TABLE=$(CURDIR)/docs/clients-table.md CGO_ENABLED=0 $(GO) test -tags interop -count=1 -timeout 25m ./interop/clients

interop-%: build ## one of them: interop-fax, interop-iax, interop-spandsp, interop-tiff
	interop/setup
	CGO_ENABLED=0 $(GO) test -tags interop -count=1 -p 1 -timeout 25m ./interop/$*/...

clients: ## build the client commands for Windows and macOS, into bin/GOOS-GOARCH
	@for t in windows/amd64 darwin/arm64; do for c in $(CLIENTS); do \
	  e=; [ $${t%/*} != windows ] || e=.exe; \
	  GOOS=$${t%/*} GOARCH=$${t#*/} $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/$${t%/*}-$${t#*/}/$$c$$e ./cmd/$$c || exit 1; done; done

install: build ## install daemons into PREFIX/sbin, clients into bin, engineers' helpers into lib/litoria (default /usr/local)
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/litoria
	for c in $(filter-out $(CLIENTS) $(HELPERS) faxdemo,$(COMMANDS)); do install -m 755 $(BIN)/$$c $(DESTDIR)$(PREFIX)/sbin/$$c; done
	for c in $(HELPERS); do install -m 755 $(BIN)/$$c $(DESTDIR)$(PREFIX)/lib/litoria/$$c; done
	for c in $(CLIENTS); do install -m 755 $(BIN)/$$c $(DESTDIR)$(PREFIX)/bin/$$c; done

clean: ## remove what was built
	rm -rf $(BIN) demo-out
