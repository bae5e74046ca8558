# Any go command since 1.21 downloads this version.
export GOTOOLCHAIN := go1.27.3

APP   ?= pageviews
ARGS  ?=
TAGS  := rocksdb,real
# The race detector makes tests 2 to 10 times slower; "make test RACE=" leaves it out.
RACE  ?= -race
BENCH ?= .
# How long fuzz takes for each test.
FUZZTIME ?= 20s
# How many worlds sim simulates.
SEEDS    ?= 10000
# How many minutes soak runs, until the end of the current part. How often it kills each
# example, the sizes of the state in MB, and how many cases of JSON it compares.
MINUTES  ?= 600
KILLS    ?= 100
STATE_MB ?= 100,1000,5000
# With how many partitions soak measures memory.
PARTITIONS ?= 4,64,500
JSON_CASES ?= 100000000

GO_PACKAGES := ./...
# The slowest packages start first, beside the system tests. They mostly wait for brokers,
# which mustn't wait for a processor as long as sessions last.
# The system tests run programs that are built without the race detector, since it would slow
# down only the tests themselves.
SLOW     := ./stream/kafka ./stream/kafka/internal/produce ./api/internal/program/commands ./container ./stream/kafka/kafkasim ./stream/kafka/kafkatest
SYSTEM   := ./api/systemtest/wikipedia ./api/systemtest/totals ./api/systemtest/...
# Tests with a target of their own.
ON_FIRE  := ^TestUnderFire
ON_NOMAD := ^TestOnNomad_
CLUSTER  := ./nomad/nomadtest
SIM      := -run '^TestSimulation' ./api/apitest
# The tests without cgo, as a user runs them. The flags are the go command's defaults, without
# -json, so that go's cache has the results for the same command elsewhere.
NO_CGO   := CGO_ENABLED=0 go test ./...
# The code is vetted by another target, and the test binaries need no debug information.
QUICKLY := -vet=off -ldflags=-w -timeout 20m -json
TESTSUM := build/testsum -allow .tools/skips
LINT    := build/golangci-lint run --allow-parallel-runners

.PHONY: help run static cluster test test-fire test-nomad sim mutants lint bench golden fuzz soak soak-tests soak-fire soak-state soak-memory soak-json soak-sim deps rocksdb imports vet vuln benchmark-binary
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F '\t' '{printf "  make %-16s %s\n", $$1, $$2}'

run: rocksdb ## run an example on RocksDB: APP=pageviews (or wikipedia), ARGS="its flags"
	@go build -buildvcs=false -tags rocksdb -o build/$(APP) ./examples/$(APP)
	@build/$(APP) $(ARGS)

static: rocksdb ## build an example for the nodes of a Nomad cluster, linked statically: APP=pageviews
	@go run ./examples/$(APP) submit -build build/$(APP)

cluster: deps build/nomad ## a Nomad cluster of three clients and a Kafka broker to try things on, until Ctrl-C
	@go test -c -vet=off -tags cluster -o build/cluster ./nomad/nomadtest
	@build/cluster -test.run '^TestCluster$$' -test.timeout 0

benchmark-binary: rocksdb ## build/benchmark, for comparisons with other stream processors
	go build -buildvcs=false -tags rocksdb -o build/benchmark ./examples/benchmark

test: deps vet imports build/testsum build/broker ## all tests that take minutes, except for the next two: with RocksDB and the race detector, and without cgo
	$(TESTSUM) \
		'with RocksDB=.tools/with-kafka build/broker go test $(QUICKLY) -short -p 3 $(RACE) -tags $(TAGS) -skip "$(ON_FIRE)" $(SLOW) $$(go list -tags $(TAGS) ./... | grep -v "/systemtest/\|/nomadtest$$")' \
		'+whole programs, then what the race detector would falsify, then without cgo=go test $(QUICKLY) -tags $(TAGS) -skip "$(ON_FIRE)|$(ON_NOMAD)" $(SYSTEM) && go test $(QUICKLY) -tags $(TAGS) -run ManyKeys ./kv/rocksdb && $(NO_CGO)' \
		'+the tools=cd .tools/house && go test -json ./...'

test-fire: deps build/testsum ## jobs that are killed and stopped at random, brokers that come and go, and minutes of the simulation
	$(TESTSUM) \
		'whole programs under fire=go test $(QUICKLY) -p 1 -tags $(TAGS) -run "$(ON_FIRE)" $(SYSTEM)' \
		'+brokers that come and go=go test $(QUICKLY) -short $(RACE) -tags $(TAGS) -run "$(ON_FIRE)" ./api/internal/program/commands' \
		'+the simulation=CGO_ENABLED=0 go test $(QUICKLY) ./api/apitest -seeds 500'

# One after the other: all agents of a machine share their cgroups.
test-nomad: deps build/testsum build/nomad ## jobs on a real Nomad cluster, whose nodes are drained, cut off and killed
	$(TESTSUM) \
		'on a Nomad cluster=go test $(QUICKLY) -p 1 -tags $(TAGS) -run $(ON_NOMAD) ./api/systemtest/totals ./api/systemtest/pageviews' \
		'the cluster itself=go test $(QUICKLY) -tags $(TAGS) $(CLUSTER)'

sim: ## simulate whole jobs with faults, SEEDS=10000 times; a failing seed prints how to repeat it
	go test -v -timeout 24h $(SIM) -seeds $(SEEDS)

mutants: ## check that the simulation fails without any one of the steps that exactly-once depends on
	go test -v -tags mutants -timeout 2h -run '^TestMutants$$' ./api/apitest

lint: rocksdb vet imports build/golangci-lint ## gofmt, go vet, golangci-lint and the import rules
	@bad=$$("$$(go env GOROOT)/bin/gofmt" -s -l .) && \
		{ [ -z "$$bad" ] || { echo "gofmt -s would change:"; echo "$$bad"; exit 1; }; }
	$(LINT) --build-tags $(TAGS)
	$(LINT)
	cd .tools/house && ../../$(LINT) --config ../../.golangci.yml

vet: rocksdb
	go vet -tags $(TAGS) $(GO_PACKAGES)
	CGO_ENABLED=0 go vet $(GO_PACKAGES)
	go vet -tags cluster ./nomad/nomadtest
	go vet -tags broker ./stream/kafka/kafkatest

# Tests and tools aren't checked: programs of users don't have them.
vuln: rocksdb build/govulncheck ## known vulnerabilities that Grete can reach. Go's database is fetched, unless DB=FILE is a copy: vulndb.zip, or its directory
ifeq ($(suffix $(DB)),.zip)
	@rm -rf build/vulndb && mkdir -p build/vulndb && unzip -q "$(DB)" -d build/vulndb
endif
	build/govulncheck $(if $(DB),-db "file://$(if $(filter .zip,$(suffix $(DB))),$(CURDIR)/build/vulndb,$(abspath $(DB)))") -tags rocksdb $(GO_PACKAGES)

imports: build/imports
	build/imports $(TAGS)

bench: rocksdb ## Go benchmarks with allocations, on RocksDB: BENCH=regexp
	go test -run '^$$' -bench '$(BENCH)' -benchmem -tags rocksdb $(GO_PACKAGES)

golden: rocksdb ## rewrite the golden files; read the diff before you commit it
	@for p in $$(git grep -l --untracked 'flag.Bool("update"' -- '*_test.go' | xargs -n 1 dirname | sort -u); do \
		go test -tags rocksdb "./$$p" -update || exit 1; done
	@git status --short

fuzz: rocksdb ## every fuzz test, for FUZZTIME=20s each
	@git grep --untracked -o -E '^func Fuzz[A-Za-z0-9_]+' -- '*_test.go' | sed 's|/[^/]*:func | |' | \
	while read -r dir name; do \
		echo "== $$dir $$name"; \
		go test -tags rocksdb -run '^$$' -fuzz "^$$name$$" -fuzztime "$(FUZZTIME)" "./$$dir" </dev/null || exit 1; done

# Each part is a target of its own, with -v for its findings and durations.
SOAK := soak-tests soak-fire soak-state soak-memory soak-json soak-sim

soak: deps ## tests that take hours, repeated until MINUTES=600 are over: see development.md
	@end=$$(($$(date +%s) + 60 * $(MINUTES))); \
	while :; do for part in $(SOAK); do \
		[ "$$(date +%s)" -lt "$$end" ] || exit 0; \
		echo "== $$(date '+%F %T') $$part"; $(MAKE) --no-print-directory $$part || exit 1; done; done

soak-tests: build/nomad
	go test -count=1 -shuffle=on -timeout 60m $(RACE) -tags $(TAGS) $(GO_PACKAGES)

soak-fire:
	GRETE_KILLS=$(KILLS) go test -count=1 -v -timeout 24h -tags $(TAGS) -run '^TestUnderFire_' ./api/systemtest/...

soak-state:
	GRETE_STATE_MB=$(STATE_MB) go test -count=1 -v -timeout 24h -tags $(TAGS) -run '^(TestRecovery_|TestStandby_)' ./api/systemtest/totals

soak-memory:
	GRETE_MEMORY_PARTITIONS=$(PARTITIONS) go test -count=1 -v -timeout 24h -tags $(TAGS) -run '^TestMemory_' ./api/systemtest/pageviews

soak-json:
	go test -count=1 -v -timeout 24h -run '^TestDifferential' ./stream/serde/json -cases $$(($(JSON_CASES) / 2))
	GOEXPERIMENT=nojsonv2 go test -count=1 -v -timeout 24h -run '^TestDifferential' ./stream/serde/json -cases $$(($(JSON_CASES) / 2))

soak-sim:
	go test -count=1 -v -timeout 24h $(SIM) -seeds $(SEEDS) -from $$(date +%s)000000

deps: ## install what RocksDB and the tests need (Debian, Ubuntu)
	@.tools/deps tests

rocksdb:
	@.tools/deps

# The tools are modules of their own, so that Grete doesn't depend on their dependencies.
build/golangci-lint: .tools/lint/go.mod .tools/lint/go.sum
	cd .tools/lint && go build -buildvcs=false -o ../../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

build/govulncheck: .tools/vuln/go.mod .tools/vuln/go.sum
	cd .tools/vuln && go build -buildvcs=false -o ../../$@ golang.org/x/vuln/cmd/govulncheck

# Without cgo, Nomad's exec driver can't start a task. The module has no user interface. The
# first build takes minutes.
build/nomad: .tools/nomad/go.mod .tools/nomad/go.sum
	cd .tools/nomad && CGO_ENABLED=1 go build -buildvcs=false -tags hashicorpmetrics -ldflags '-s -w' -o ../../$@ github.com/hashicorp/nomad

# A broker that the tests of several packages share.
build/broker: $(wildcard stream/kafka/kafkatest/*.go stream/kafka/kafkatest/*/*.go stream/harnesstest/*.go) go.mod
	go test -c -vet=off -ldflags=-w -tags broker -o $@ ./stream/kafka/kafkatest

build/testsum build/imports: build/%: .tools/house/go.mod $(wildcard .tools/house/*/*.go)
	cd .tools/house && go build -buildvcs=false -o ../../$@ ./$*
