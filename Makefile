# Needs Python >= 3.11 and make, nothing else. Another interpreter: make PYTHON=python3.12 demo
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# Two stamps: `make demo` installs the product only, everything else its test tools as well.
INSTALLED := $(VENV)/.installed
TEST_TOOLS := $(VENV)/.test-tools
DEMO := build/demo
BLACK_START := build/black_start

.PHONY: help demo test lint format docs docs-tables wheel-test clean
.DELETE_ON_ERROR:

help:
	@echo 'make demo         fleet report on the packaged La Haute Borne sample, in $(DEMO), a black start in $(BLACK_START)'
	@echo 'make test         the tests'
	@echo 'make lint         ruff, mypy, import-linter, generated documents up to date'
	@echo 'make format       let ruff format the code'
	@echo 'make docs-tables  write the generated documents again'
	@echo 'make docs         the documentation as a web site, in build/site'
	@echo 'make wheel-test   build the wheel and try it outside the repository'
	@echo 'make clean        remove .venv, build and caches'

demo: $(INSTALLED)
	$(BIN)/wind-fleet report la_haute_borne --out $(DEMO)
	$(BIN)/wind-sim run black_start --out $(BLACK_START)

test: $(TEST_TOOLS)
	$(BIN)/python -m pytest -q -n 2 --dist worksteal

lint: $(TEST_TOOLS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy turbine gridforming fleet scripts
	$(BIN)/lint-imports
	$(BIN)/python scripts/write_docs.py --check

format: $(TEST_TOOLS)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs-tables: $(INSTALLED)
	$(BIN)/python scripts/write_docs.py
	$(BIN)/python scripts/write_validation.py

docs: docs-tables
	$(PIP) install --quiet -e '.[docs]'
	$(BIN)/mkdocs build --strict --site-dir build/site

wheel-test: $(INSTALLED)
	PYTHON=$(BIN)/python sh scripts/wheel_test.sh

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

$(BIN)/python:
	@sh scripts/make_venv.sh '$(PYTHON)' '$(VENV)'

$(INSTALLED): pyproject.toml | $(BIN)/python
	$(PIP) install --quiet -e .
	@touch $@

$(TEST_TOOLS): pyproject.toml | $(BIN)/python
	$(PIP) install --quiet -e '.[test]'
	@touch $(INSTALLED) $@
