# `make demo` makes a poster; `make test` checks everything. Both set themselves up in .venv.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PEERS  := $(VENV)/peers
OUT    := out
BRIEF  := A poster for Aurelia, a cold brew tonic: autumn launch,

SYSTEM := flite chromium

.PHONY: demo test check bench bench-peers vendors-proof recorded docs-pictures build clean
.DEFAULT_GOAL := demo

demo: $(VENV)/.user
	@mkdir -p $(OUT)
	@echo "First run: every step is made."
	@$(BIN)/brandmodel run "$(BRIEF) Thursday 7 pm" -o $(OUT)/thursday.png
	@echo
	@echo "One word changed: what did not depend on it is reused."
	@$(BIN)/brandmodel run "$(BRIEF) Friday 7 pm" -o $(OUT)/friday.png
	@echo
	@$(BIN)/brandmodel explain "$$($(BIN)/brandmodel runs --limit 1 --json | $(BIN)/python -c 'import json,sys; print(json.load(sys.stdin)[0]["run_id"])')"
	@echo "The posters: $(CURDIR)/$(OUT)/thursday.png and $(CURDIR)/$(OUT)/friday.png"

test: check
	@$(BIN)/python -m pytest -n 2

check: $(VENV)/.developer
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/pyright --pythonpath $(BIN)/python
	@$(BIN)/lint-imports --no-cache

bench: $(VENV)/.developer
	@$(BIN)/python -m pytest tests/bench -m bench -s -p no:cacheprovider

# A chat call beside litellm, TensorZero, the official client and httpx, each in a process of its own.
bench-peers: $(PEERS)/.made
	@$(PEERS)/bin/python -m tests.bench.text_calls

# Every vendor fails in turn, faults are drawn, 50 quotes are held against what was billed: minutes.
vendors-proof: $(VENV)/.developer
	@$(BIN)/python -m pytest tests/e2e -m vendors -s -n 2 -p no:cacheprovider

# What the wires make of the recorded traffic of real vendors.
recorded: $(VENV)/.developer
	@$(BIN)/python -m tests.providers.census

docs-pictures: $(VENV)/.developer
	@$(BIN)/python docs/pictures/make.py

build: $(VENV)/.developer
	@$(BIN)/uv build -q --out-dir dist

$(VENV)/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit("brandmodel needs Python 3.11 or newer: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check uv

$(VENV)/.user: $(VENV)/bin/uv pyproject.toml
	@$(BIN)/uv pip install -q --python $(BIN)/python -e '.[local,testing]'
	@touch $@

# Programs that some tests need, and films speak with: installed where this user may, said where not.
$(VENV)/.system: $(VENV)/bin/uv
	@for program in $(SYSTEM); do \
	  command -v $$program >/dev/null && continue; \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && apt-get install -y -qq $$program >/dev/null 2>&1; \
	  else echo "$$program is not installed: apt-get install $$program"; fi; \
	done; touch $@

$(VENV)/.developer: $(VENV)/bin/uv $(VENV)/.system pyproject.toml
	@$(BIN)/uv pip install -q --python $(BIN)/python -e '.[all]' --group dev
	@touch $@ $(VENV)/.user

$(PEERS)/.made: $(VENV)/bin/uv pyproject.toml
	@$(BIN)/uv venv -q --clear --python $(BIN)/python $(PEERS)
	@$(BIN)/uv pip install -q --python $(PEERS)/bin/python -e . --group peers
	@touch $@

clean:
	@rm -rf $(VENV) $(OUT) dist .brandmodel
