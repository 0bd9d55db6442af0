# `make` alone lists what there is to do. Without make: docs/running.md has the same as plain commands.
.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV := .venv
PYTHON := $(VENV)/bin/python
PIP_INSTALL := "$(PYTHON)" -m pip install --quiet --quiet --disable-pip-version-check --require-hashes
# On two processes where the machine has them.
PYTEST := "$(PYTHON)" -m pytest -n 2 --dist worksteal

.PHONY: help run test drill bench mutants rooms screenshots lint format pins clean

help: ## This list
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-11s %s\n' "$$name" "$$text"; done

run: .venv/run .env ## Run the portal: HOST and PORT choose the address, .env holds the settings
	@"$(PYTHON)" manage.py prepare
	@exec "$(PYTHON)" manage.py serve

test: .venv/test ## Run the tests; browser, PostgreSQL and Redis tests where there is one
	@$(PYTEST) $(ARGS)

drill: .venv/test ## Kill and restart everything while COUNT=300 postbacks are sent: none may be lost
	@"$(PYTHON)" -m tests.drill $(or $(COUNT),300)

bench: .venv/test ## Measure exchanges and deliveries a second beside others, a flood, and a million installations
	@bench/run $(ARGS)

mutants: .venv/test ## Break the program piece by piece; the tests must notice each
	@"$(PYTHON)" -m tests.mutants $(ARGS)

rooms: .venv/test ## Count the rooms of the code and which of them import which
	@"$(PYTHON)" -m tests.architecture.rooms

screenshots: .venv/test ## Take the pictures of docs/screenshots anew
	@"$(PYTHON)" -m docs.screenshots.make

lint: .venv/test ## Check style, types and templates
	@"$(PYTHON)" -m ruff check .
	@"$(PYTHON)" -m ruff format --check .
	@LINNAPP_TESTS_DIR=var/mypy "$(PYTHON)" -m mypy
	@"$(PYTHON)" -m djlint --lint --quiet templates

format: .venv/test ## Put code into shape
	@"$(PYTHON)" -m ruff check --fix --quiet .
	@"$(PYTHON)" -m ruff format .

pins: ## Renew the pinned requirements from pyproject.toml (needs uv; UPGRADE=--upgrade for newer versions)
	@set -e; compile='uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url'; \
	$$compile --custom-compile-command 'make pins' $(UPGRADE) --group pyproject.toml:run -o requirements.txt; \
	$$compile --custom-compile-command 'make pins' $(UPGRADE) -c requirements.txt --group pyproject.toml:test -o tests/requirements.txt; \
	$$compile --custom-compile-command 'make pins' $(UPGRADE) --group pyproject.toml:airbyte -o tests/clients/airbyte-requirements.txt; \
	$$compile --custom-compile-command 'make pins' $(UPGRADE) -c requirements.txt --group pyproject.toml:peers -o bench/requirements.txt

clean: ## Remove the virtual environment and caches; .env and var/ stay
	@rm -rf "$(VENV)" .pytest_cache .mypy_cache .ruff_cache .hypothesis var/airbyte
	@find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +

# What follows makes files; the next `make` sees them and is done in a moment.

# The first Python that is new enough; a half-made environment is not left behind.
.venv/pyvenv.cfg:
	@for python in python3 python3.11 python3.12 python3.13 python3.14; do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		echo "Making a virtual environment with $$("$$python" --version)."; \
		"$$python" -m venv --clear "$(VENV)" && exit 0; \
		rm -rf "$(VENV)"; \
		echo "Python's venv module does not work here. On Debian and Ubuntu: apt install python3-venv"; exit 1; \
	done; \
	echo "linnapp needs Python 3.11 or newer, and python3 here is $$(python3 --version 2>&1). Install one and run make again."; exit 1

.venv/run: .venv/pyvenv.cfg requirements.txt
	@echo "Installing what the portal needs."
	@$(PIP_INSTALL) -r requirements.txt
	@touch "$@"

.venv/test: .venv/run tests/requirements.txt
	@echo "Installing what the tests need."
	@$(PIP_INSTALL) -r tests/requirements.txt
	@touch "$@"

.env: | .venv/run
	@"$(PYTHON)" -m linnapp.first_env
