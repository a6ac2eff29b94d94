# Everything a newcomer or a developer types. Each step says what it does, and is skipped when it is fresh.
#   make run     the hub with demo data on this machine        make test    everything that proves it (as root: installs servers)
#   make check   types, style, layers                          make bench   figures beside their limits; bench-quick: two minutes
#   make dev     tools for development in .venv                make pages   console and widget → hub/static

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN_MARK := $(VENV)/.installed
DEV_MARK := $(VENV)/.installed-dev
VAR ?= var

.PHONY: run test bench bench-quick check dev pages
.DELETE_ON_ERROR:

run: pages
	@echo "starting the hub on SQLite in ./$(VAR) (stop it with Ctrl-C)"
	@HUB_DATA_DIR=$(VAR) $(BIN)/hub serve --demo

test: dev pages
	@tests/install-system
	@$(BIN)/python tests/run.py

bench: dev pages
	@$(BIN)/python -m benchmarks
	@echo "cutting every connection 100 times: sockets, then pages in a browser"
	@HUB_FAULT_CUTS=100 $(BIN)/python -m pytest -q -s --timeout=600 tests/faults/test_cuts.py
	@HUB_FAULT_CUTS=100 $(BIN)/python -m pytest -q -s --timeout=600 tests/e2e/test_cuts.py

bench-quick: dev
	@$(BIN)/python -m benchmarks --quick

check: dev
	@$(BIN)/python tests/run.py check

dev: $(DEV_MARK)

pages: $(RUN_MARK)
	@$(BIN)/python -W ignore setup.py -q build_pages

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "the hub needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { echo "that needs venv; on Debian: apt install python3-venv"; rm -rf $(VENV); exit 1; }

$(RUN_MARK): setup.cfg pyproject.toml setup.py | $(BIN)/python
	@echo "installing the hub and its libraries into $(VENV)"
	@HUB_WEB=skip PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check "setuptools>=69" -e .
	@touch $@

$(DEV_MARK): setup.cfg pyproject.toml setup.py | $(BIN)/python
	@echo "installing the development tools into $(VENV)"
	@HUB_WEB=skip PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev]"
	@touch $@ $(RUN_MARK)
