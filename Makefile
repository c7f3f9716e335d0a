.DEFAULT_GOAL := help
.PHONY: help demo test check bench clean

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

help: ## Say what can be done
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Headwind needs Python 3.11 or later; name one: make PYTHON=python3.12 …"; exit 1; }
	$(PYTHON) -m venv .venv || { rm -rf .venv; \
	  echo "Python's venv is missing. On Debian: apt-get install python3-venv"; exit 1; }

$(STAMP): requirements-dev.txt pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP) ## Three invented years of a region, on http://127.0.0.1:8080
	$(BIN)/headwind demo

check: $(STAMP) ## Style, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(STAMP) ## Everything that is checked, then every test
	@$(MAKE) --no-print-directory check
	@sh tests/servers.sh
	$(BIN)/python -m pytest

bench: $(STAMP) ## How fast it is, and how much it holds
	$(BIN)/python -m tests.bench

clean: ## Remove what make made
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis
