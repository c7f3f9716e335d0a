.DEFAULT_GOAL := help
.PHONY: help demo test test-distributed check bench bench-distributed bench-panels bench-signals chaos lock clean

# The first Python on the path that is new enough; name another with make PYTHON=….
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install
LOCK := env -u PIP_FIND_LINKS uv pip compile pyproject.toml --universal --python-version 3.11 \
  --fork-strategy fewest --generate-hashes --no-emit-index-url --no-emit-find-links \
  --no-annotate --no-header --quiet

# In a process of its own: kafka-python leaves sockets open where a broker is gone, as is tried here.
DISTRIBUTED := $(BIN)/python -m pytest -m "distributed and not chaos" \
  -W "ignore:unclosed <socket:ResourceWarning"

help: ## Say what can be done
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

$(BIN)/python:
	@PYTHON="$(PYTHON)" sh deploy/venv.sh

# What the product needs, and the command .venv/bin/headwind. Nothing is installed elsewhere.
.venv/.runtime: requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing Headwind into .venv (once; a few minutes on a slow line)"
	@$(PIP) --require-hashes -r requirements.txt
	@# The build backend is a program that is looked up on the path.
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

# What the checks and tests need on top.
.venv/.dev: requirements-dev.txt .venv/.runtime
	@echo "Installing the tools for checks and tests into .venv (once)"
	@$(PIP) --require-hashes -r requirements-dev.txt
	@touch $@

demo: .venv/.runtime ## Three invented years of a region, on http://127.0.0.1:8080
	@$(BIN)/headwind demo

check: .venv/.dev ## Style, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: .venv/.dev ## Everything that is checked, then every test
	@$(MAKE) --no-print-directory check
	@sh tests/servers.sh
	$(BIN)/python -m pytest
	$(DISTRIBUTED)

test-distributed: .venv/.dev ## Workers on a real Kafka and PostgreSQL: the same answer, kills, bad input
	@sh tests/servers.sh
	$(DISTRIBUTED)

bench: .venv/.dev ## How fast it is, and how much it holds
	$(BIN)/python -m tests.bench
	@$(MAKE) --no-print-directory bench-distributed
	@$(MAKE) --no-print-directory bench-panels

bench-distributed: .venv/.dev ## How fast workers are, on a Kafka and a PostgreSQL started for it
	$(BIN)/python -m tests.bench.distributed

bench-panels: .venv/.dev ## How long Grafana's questions take on ten million values in PostgreSQL
	$(BIN)/python -m tests.bench.panels

bench-signals: .venv/.dev ## How well detectors see: labelled records, simulated noise, real findings
	$(BIN)/python -m tests.bench.signals

chaos: .venv/.dev ## Why no state is kept in Faust's tables: what a kill does to them, and to lanes
	$(BIN)/python -m pytest -m chaos -s tests/chaos

lock: ## Write both requirements files anew from pyproject.toml (needs uv)
	$(LOCK) --group build --output-file requirements.txt
	$(LOCK) --group dev --constraints requirements.txt --output-file requirements-dev.txt

clean: ## Remove what make made
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
