# Every command of the project; `make help` lists them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# What the pages with timelines need in a browser; npm writes this file when it has installed all of it.
WEB    := web/node_modules/.package-lock.json
# Whole files go to the processes, in the order of tests/conftest.py: the longest first.
PYTEST := $(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder
# What the Python client is made of when it is installed: it is made anew when one of these changes.
CLIENT := openapi.yaml $(wildcard client/*.* client/templates/* client/dateline_client/_async/*.py)

.DEFAULT_GOAL := help

help: ## List the commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

serve: $(VENV)/.run $(WEB) ## Serve the API on http://127.0.0.1:8000, with everything it needs
	@exec $(BIN)/dateline serve $(ARGS)

test: check $(WEB) ## Run the checks and the whole test suite against a real PostgreSQL
	$(PYTEST) $(ARGS)

test-all: test $(VENV)/.generators ## The same, and the tiers that take longer: generated clients, planted mistakes, soaks, large data
	$(PYTEST) --tier generators --tier mistakes --tier soak $(ARGS)
	$(BIN)/pytest --tier large --tier cluster $(ARGS)

check: $(VENV)/.test ## Format, lint, types, import direction
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

format: $(VENV)/.test ## Rewrite the sources in the project's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

generators: $(VENV)/.generators ## Install the generators of clients, for the tests that use them

openapi: $(VENV)/.run ## Write openapi.yaml from the code
	$(BIN)/dateline openapi > openapi.yaml.new && mv openapi.yaml.new openapi.yaml

lock: $(VENV)/.test ## Resolve the dependencies anew into requirements/*.txt
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --group build pyproject.toml --output-file requirements/run.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --group build --group test pyproject.toml --output-file requirements/test.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --constraint requirements/test.txt --group generators pyproject.toml --output-file requirements/generators.txt

clean: ## Remove the virtual environment, what npm installed and the caches (never the data)
	rm -rf client/dateline_client/generated client/dateline_client/_sync
	rm -rf $(VENV) web/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Dateline needs Python 3.11 or newer. Name one: make PYTHON=python3.12 serve'; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(VENV)/bin/python requirements/run.txt pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/run.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.run requirements/test.txt $(CLIENT)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/test.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable client
	@touch $@

# Generators of clients, and what the clients that they make need. They bring a Java of their own.
$(VENV)/.generators: $(VENV)/.test requirements/generators.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/generators.txt
	@touch $@

$(WEB): web/package.json web/package-lock.json
	@if command -v npm >/dev/null; then \
	  (cd web && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) \
	    || echo 'TimelineJS could not be installed: the pages of chronologies say so instead of showing a timeline.'; \
	else \
	  echo 'There is no npm here, which installs TimelineJS: the pages of chronologies say so instead of showing a timeline.'; \
	fi

.PHONY: help serve test test-all check format generators openapi lock clean
