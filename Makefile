# make sandbox   the whole lab on this machine: console, emulator, pipeline, traffic
# make test      every check and every test
# make bench     speed and size, side by side
# make sbom      dist/sbom.cdx.json and dist/THIRD_PARTY_LICENSES.txt: what the production install is made of
# make soak      runs, deaths and trouble with AWS at random; ARGS="--runs 50 --seed 1"
# Each does its own set-up; a machine needs Python 3.11+ with pip, git and a network the first time.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready

.DEFAULT_GOAL := help
.PHONY: help sandbox serve test check unit soak bench sbom lock format clean

help:
	@sed -n 's/^# \(make\)/  \1/p' Makefile

$(READY): requirements-dev.lock pyproject.toml package-lock.json hatch_build.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Game day needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Name another one: make PYTHON=python3.12"; exit 2; }
	@echo "Setting up .venv (once, about a minute) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

static/vendor/.stamp: $(READY)
	@$(BIN)/python hatch_build.py
	@touch $@

sandbox: $(READY) static/vendor/.stamp
	@$(BIN)/gameday sandbox --speed 10 $(ARGS)

serve: $(READY) static/vendor/.stamp
	@$(BIN)/gameday serve $(ARGS)

test: check unit

check: $(READY)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/hadolint Dockerfile

unit: $(READY) static/vendor/.stamp
	@PYTHON=$(BIN)/python .ci/chromium
	@PYTHON=$(BIN)/python .ci/tests $(ARGS)

soak: $(READY)
	@$(BIN)/python -m tests.crash.soak $(ARGS)

bench: $(READY) static/vendor/.stamp
	@$(BIN)/python -m bench $(ARGS)

sbom: $(READY) static/vendor/.stamp
	@$(BIN)/python .ci/sbom.py dist

format: $(READY)
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lock: # after a change of the dependencies in pyproject.toml; needs `pip install uv`
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --all-extras pyproject.toml -o requirements-dev.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -c requirements-dev.lock pyproject.toml -o requirements.lock
	npm install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts

clean:
	rm -rf .venv static/vendor .gameday .mypy_cache .ruff_cache .pytest_cache
