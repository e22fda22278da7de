# run: the server with a demo network.  test: all checks and the fast tests.  test-all: the slow ones too.
PYTHON ?= python3
BIN := .venv/bin
LOCK := .ci/requirements.lock
STAMP := .venv/.installed-$(shell cat $(LOCK) pyproject.toml 2>/dev/null | cksum | tr -d ' ')
WORKERS ?= 2

.PHONY: run test test-all check schema eval install clean

run: export ALUMNI_ENVIRONMENT ?= development
run: export ALUMNI_DEVELOPMENT_ISSUER ?= true
run: install
	@$(BIN)/alumni serve --demo

test: check
	$(BIN)/pytest -n $(WORKERS) -m "not slow"

# What is not slow has run in `test`; alone, this target runs everything.
test-all: check
	$(BIN)/pytest -n $(WORKERS)

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/alumni schema --check

schema: install
	$(BIN)/alumni schema

eval: install
	$(BIN)/alumni evaluate people --data $(DATA)

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
	rm -rf .venv var .pytest_cache .ruff_cache .coverage
