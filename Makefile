# One command each: set up, serve, test, measure. Needs Python 3.11 or newer and make.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: install serve test bench lint clean

install: .venv/installed

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/pip install --quiet --disable-pip-version-check --editable . --group dev
	touch $@

.venv/clients/installed: tests/clients/package.json | .venv/installed
	mkdir -p .venv/clients
	cp $< .venv/clients
	PATH="$(CURDIR)/$(BIN):$$PATH" npm install --prefix .venv/clients --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel error
	touch $@

serve: install
	$(BIN)/regiolink serve

test: install .venv/clients/installed lint
	$(BIN)/pytest

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: install
	$(BIN)/python -m bench

clean:
	rm -rf .venv data build dist
