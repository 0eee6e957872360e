# Two commands: `make demo` serves the demo city, `make test` runs every test. Both set up what they need.

PYTHON  ?= python3
VENV    := .venv
BIN     := $(VENV)/bin
HOME_DIR ?= .scenarist
PORT    ?= 8600
DEMO    ?=
SAY     := @printf '\033[1m%s\033[0m\n'

.PHONY: help setup setup-test assets demo test test-fast prove bench lint format wheel clean

help:
	@echo 'make demo       set up, build the demo city, serve it on http://127.0.0.1:$(PORT)'
	@echo 'make demo DEMO=--processes    the same, every department a program of its own'
	@echo 'make test       set up, run every check and test (apt packages too, as root on Debian)'
	@echo 'make test-fast  the tests that need neither browser nor database server, under 2 minutes'
	@echo 'make prove      the long matrices'
	@echo 'make bench      the benchmarks of docs/benchmarks.md'
	@echo 'make lint       ruff, mypy, import-linter, deptry, djlint'
	@echo 'make wheel      build dist/*.whl'
	@echo 'make clean      remove what setup built (not the demo city: that is $(HOME_DIR))'

# ── Set-up ────────────────────────────────────────────────────────────────────────────────────────

setup: $(VENV)/.installed builder/_static/manifest.json

$(VENV)/bin/python:
	$(SAY) '1/3  Python environment ($(VENV))'
	@$(PYTHON) -c 'import sys; sys.exit("Scenarist needs Python 3.11 or newer; this is %d.%d. Set PYTHON=python3.11." % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(SAY) '2/3  Python packages'
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -e '.[learn,postgres,sso]'
	@touch $@

$(VENV)/.installed-test: pyproject.toml | $(VENV)/bin/python
	$(SAY) 'Test packages'
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -e '.[learn,postgres,sso,dev]'
	@touch $@ $(VENV)/.installed

node_modules/.installed: package.json package-lock.json
	@command -v npm >/dev/null || { echo 'Node.js with npm is needed to build the pages (Debian: apt-get install nodejs npm).'; exit 1; }
	@npm ci --no-audit --no-fund --loglevel=error --omit=dev
	@touch $@

node_modules/.installed-test: package.json package-lock.json
	@npm ci --no-audit --no-fund --loglevel=error
	@touch node_modules/.installed $@

builder/_static/manifest.json: node_modules/.installed $(wildcard templates/assets/* templates/assets/css/*)
	$(SAY) '3/3  Page assets'
	@npm run --silent build

assets: builder/_static/manifest.json

setup-test: $(VENV)/.installed-test node_modules/.installed-test assets
	@bash tests/machine.sh

# ── Run ───────────────────────────────────────────────────────────────────────────────────────────

demo: setup
	@$(BIN)/scenarist demo --home $(HOME_DIR) --port $(PORT) $(DEMO)

# ── Prove ─────────────────────────────────────────────────────────────────────────────────────────

lint: $(VENV)/.installed-test
	$(SAY) 'ruff'
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(SAY) 'mypy --strict'
	@$(BIN)/mypy
	$(SAY) 'import-linter'
	@$(BIN)/lint-imports --no-timings 2>/dev/null || $(BIN)/lint-imports
	$(SAY) 'deptry'
	@$(BIN)/deptry .
	$(SAY) 'djlint'
	@$(BIN)/djlint templates --lint --quiet

test: setup-test lint
	@$(BIN)/python -m pytest -n 2 --dist loadscope -m 'not prove' --durations=15

test-fast: $(VENV)/.installed-test assets
	@$(BIN)/python -m pytest -n 2 -m 'not slow and not browser and not postgres and not package and not prove' -q

prove: setup-test
	@$(BIN)/python -m pytest -m 'prove' --durations=15

bench: $(VENV)/.installed-test assets
	@$(BIN)/python -m pytest tests/bench --benchmark-enable --benchmark-only --benchmark-columns=min,median,mean,stddev,rounds -q -p no:randomly

format:
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

wheel: setup-test
	@$(BIN)/python -m build --wheel --outdir dist .

clean:
	rm -rf $(VENV) node_modules builder/_static builder/_fonts dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
