# `make` or `make help` says what there is. Everything works from elsewhere too: make -C path run

PYTHON ?= python3.11
HOST ?= 127.0.0.1
PORT ?= 8000
MANAGE := .venv/bin/python manage.py
PIP := .venv/bin/python -m pip -qq --disable-pip-version-check
COMPILE := .venv/bin/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host

.PHONY: help run dev test faults rolling fuzz check bench demo lighthouse lock screenshots
.DEFAULT_GOAL := help

help:  ## Say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

run: .venv/runtime.stamp  ## Serve mlmath at http://localhost:8000 (HOST=, PORT=)
	@$(MANAGE) prepare
	@exec .venv/bin/python -m mlmath.serve --host "$(HOST)" --port "$(PORT)" --work

dev: .venv/dev.stamp  ## The same with reload and error pages for developers
	@DEBUG=1 $(MANAGE) prepare
	@$(MANAGE) work --parent $$$$ & DEBUG=1 exec $(MANAGE) runserver "$(HOST):$(PORT)"

test: .venv/dev.stamp  ## Run everything: checks, tests on SQLite and PostgreSQL, browser tests
	@exec .venv/bin/python -m tests.run

faults: .venv/dev.stamp  ## Break everything and look what is lost (10 minutes, best alone on the machine)
	@exec .venv/bin/python -m tests.faults

rolling: .venv/dev.stamp  ## Put this tree in the place of an earlier release while people write (OLD=commit)
	@exec .venv/bin/python -m tests.rolling --old "$(OLD)"

fuzz: export FUZZ_EXAMPLES = $(or $(EXAMPLES),30)
fuzz: .venv/dev.stamp  ## Send the API everything one can think of (EXAMPLES=30 of each call)
	@.venv/bin/python -m pytest -q -m live tests/live/test_fuzz.py
	@exec .venv/bin/python -m tests.run --only machine

check: .venv/dev.stamp  ## Lint, types, contracts, templates, migrations
	@exec .venv/bin/python -m tests.run --only checks

bench: .venv/dev.stamp  ## Measure the main pages and calls against the floor (8 to 15 minutes)
	@.venv/bin/python -m tests.bench --json var/bench.json

demo: .venv/runtime.stamp  ## Make an account with some progress to look around with
	@$(MANAGE) prepare
	@$(MANAGE) demo

screenshots: .venv/dev.stamp  ## Take the pictures in docs/ of the running site (make demo first)
	@.venv/bin/python -m tests.screenshots http://localhost:$(PORT)

lighthouse: .venv/dev.stamp  ## Ask Google's Lighthouse (from npm) about the main pages
	@.venv/bin/python -m tests.lighthouse

lock: .venv/dev.stamp  ## Pin what pyproject.toml names; UPGRADE=--upgrade takes the newest
	$(COMPILE) $(UPGRADE) --output-file=requirements/runtime.txt pyproject.toml
	$(COMPILE) $(UPGRADE) --extra=sentry --constraint=requirements/runtime.txt --output-file=requirements/sentry.txt pyproject.toml
	$(COMPILE) $(UPGRADE) --extra=dev --constraint=requirements/runtime.txt --output-file=requirements/dev.txt pyproject.toml

# A stamp is younger than the file whose packages are installed.
.venv/%.stamp: requirements/%.txt | .venv/bin/python
	@echo "Packages: installing $< into .venv …"
	@$(PIP) install --require-hashes -r $<
	@touch $@

.venv/bin/python:
	@$(PYTHON) -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "mlmath needs Python 3.11 with venv, and '$(PYTHON)' is not that."; \
		echo "Debian, Ubuntu: sudo apt install python3.11 python3.11-venv"; \
		echo "macOS: brew install python@3.11    Elsewhere: https://www.python.org/downloads/"; \
		echo "If it is there under another name: make $(or $(firstword $(MAKECMDGOALS)),run) PYTHON=/path/to/python3.11"; \
		exit 1; }
	@echo "Python: making .venv …"
	@$(PYTHON) -m venv .venv
