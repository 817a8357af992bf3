# make scan   scan the embedded estate: no cloud account is needed
# make test   every check and every test
# make atlas-check   the atlas against what the installed packages know; no network is needed

SHELL := /bin/sh
VENV ?= .venv
RUN := $(VENV)/bin/python -m
# The first Python 3.11-3.13 that there is; PYTHON=... chooses another.
PYTHON ?= $(shell for p in python3.12 python3.13 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1 && { echo $$p; break; }; done)
TESTS ?= tests
# Many tests start the program: without byte code each start compiles all of it.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: scan test check atlas-check bench docs lock clean

scan: $(VENV)/ready
	@mkdir -p out
	@$(RUN) residency.demo -o json=out/result.json -o html=out/report.html $(ARGS); code=$$?; \
	echo "the scan ended with exit code $$code; open out/report.html, or read out/result.json"; \
	case $$code in 0|1|3|4) exit 0;; *) exit $$code;; esac

test: $(VENV)/ready check
	@$(RUN) pytest -n auto --dist worksteal --cov --cov-report=term:skip-covered $(TESTS)

check: $(VENV)/ready
	@$(RUN) ruff format --check --quiet .
	@$(RUN) ruff check --quiet .
	@$(RUN) mypy
	@$(VENV)/bin/lint-imports --no-cache >/dev/null || $(VENV)/bin/lint-imports --no-cache

atlas-check: $(VENV)/ready
	@$(RUN) residency atlas check

bench: $(VENV)/ready
	@$(RUN) tests.benchmarks

docs: $(VENV)/ready README.md
	@$(RUN) residency.docs docs

# It shows what a scan of the embedded estate prints: scanned again only when something that it prints could differ.
README.md: $(shell find residency config tests/readme.py -type f ! -name '*.pyc') | $(VENV)/ready
	@$(RUN) tests.readme
	@touch $@

# One lock for each Python version; needs uv.
lock:
	@for v in 3.11 3.12 3.13; do \
	uv pip compile --quiet --no-config --universal --python-version $$v --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links --extra dev --extra demo pyproject.toml requirements/build.in \
	-o requirements/py$$(echo $$v | tr -d .).txt; done

$(VENV)/ready: pyproject.toml $(wildcard requirements/*.txt)
	@test -n "$(PYTHON)" || { echo "residency needs Python 3.11, 3.12 or 3.13: install one, or name it with PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	{ echo "this Python has no venv: install it with 'apt install python3-venv' (or your system's package for it)"; exit 1; }
	@test ! -e $(VENV) || test -e $(VENV)/made-here || \
	{ echo "$(VENV) is there, was not made here and would be emptied: remove it, or name another with VENV=..."; exit 1; }
	@echo "making the environment in $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $(VENV)/made-here
	@lock=requirements/py$$($(PYTHON) -c 'import sys; print("%d%d" % sys.version_info[:2])').txt; \
	$(RUN) pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $$lock
	@$(RUN) pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	@touch $@

clean:
	rm -rf $(VENV) out build dist .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis
