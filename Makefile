# make book     render the book; needs only Python 3.11 and this file
# make test     install everything and run every test; ARGS="tests/helpers -k shapes"
# make execute  run all chapters in place, or CHAPTER=08-training
# make serve    render, then serve on PORT=8000
# make anki     the questions as Anki decks and as a table, in _build/anki
# make lab      open JupyterLab on the chapters
# make format   let ruff put the code in order
# make clean    remove what was built, but not .venv

PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
HTML := _build/html

help:
	@sed -n 's/^# make/make/p' Makefile
.DEFAULT_GOAL := help

# ---- The environment: the book's part of it, or all of it ----

NEWER = Python 3.11 or later is needed, and $(PYTHON) is not. \
  If you have one under another name: make $(MAKECMDGOALS) PYTHON=python3.12
NO_VENV = $(PYTHON) cannot make a virtual environment. \
  On Debian and Ubuntu: apt-get install python3-venv

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "$(NEWER)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "$(NO_VENV)" >&2; exit 1; }

# uv is several times faster than pip; where it cannot work, pip can. A mirror that
# pip was told to use serves uv as well.
define install
@echo "Installing $(1) into $(VENV)"
@PIP="$(BIN)/python -m pip --disable-pip-version-check"; \
  MIRROR="$${UV_DEFAULT_INDEX:-$$($$PIP config get global.index-url 2>/dev/null)}"; \
  $$PIP install --quiet --quiet uv && UV_DEFAULT_INDEX="$$MIRROR" \
  $(BIN)/uv pip install --quiet --python $(BIN)/python --requirement $(1) || \
  $$PIP install --quiet --requirement $(1)
endef

$(VENV)/.book: requirements-book.txt | $(BIN)/python
	$(call install,requirements-book.txt)
	@touch $@

$(VENV)/.all: requirements.txt requirements-book.txt | $(BIN)/python
	$(call install,requirements.txt)
	@touch $(VENV)/.book $@

# ---- The book ----

book: $(VENV)/.book _build/.settings
	@$(BIN)/jupyter-book build --quiet --warningiserror --keep-going --nitpick . >/dev/null
	@echo "The book: $(CURDIR)/$(HTML)/index.html"

# Sphinx renders a page again when its source has changed; these change every page.
_build/.settings: _config.yml _toc.yml $(wildcard _ext/*.py _static/*) $(VENV)/.book
	@rm -rf _build
	@mkdir _build
	@touch $@

serve: book
	@echo "http://localhost:$(PORT)/   (Ctrl-C ends it)"
	@$(BIN)/python -m http.server --directory $(HTML) $(PORT) >/dev/null 2>&1 || \
	  { echo "Port $(PORT) is taken; try: make serve PORT=8001" >&2; exit 1; }

anki: $(VENV)/.book
	@$(BIN)/python -m lenet_course.interview --export _build/anki

# ---- Code ----

execute: $(VENV)/.all
	@$(BIN)/python -m tools.execute $(CHAPTER) $(if $(ANY_DATA),--any-data)

# Two tests at a time, one thread each: what two cores can do. A crash ends the run:
# a worker started anew would wait for ever for its group of tests.
test: export OMP_NUM_THREADS = 1
test: $(VENV)/.all
	@$(BIN)/python -m pytest -n 2 --dist loadgroup --max-worker-restart 0 $(ARGS)

lab: $(VENV)/.all
	@$(BIN)/jupyter lab chapters

format: $(VENV)/.all
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

clean:
	@rm -rf _build .pytest_cache .ruff_cache
	@find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

.PHONY: help book serve anki execute test lab format clean
