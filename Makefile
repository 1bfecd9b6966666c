# make book     render the book; needs only Python 3.11
# make test     install everything and run every test; ARGS="tests/helpers -k shapes"
# make execute  run all chapters in place, or CHAPTER=08-training
# make serve    render, then serve on PORT=8000
# make anki     the questions as Anki decks and as a table, in _build/anki
# make colab    the chapters without MyST, for Colab and Kaggle, in _build/colab
# make bundle   one archive to read and run offline, in _build
# make pdf      the whole book as one PDF, in _build; needs Chromium
# make epub     the whole book as an EPUB, in _build
# make address  let all name a fork: URL=https://github.com/someone/their-fork
# make lab      open JupyterLab on the chapters
# make format   let ruff put the code in order
# make clean    remove what was built, but not .venv

PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin

# What the shell tells Python or pip does not count here, but for where packages come
# from: a PYTHONPATH or PIP_TARGET would lead out of .venv.
SOURCES := CACHE_DIR CERT CLIENT_CERT CONFIG_FILE CONSTRAINT DEFAULT_TIMEOUT \
  EXTRA_INDEX_URL FIND_LINKS INDEX_URL NO_INDEX PROXY RETRIES TIMEOUT TRUSTED_HOST
unexport $(filter-out $(SOURCES:%=PIP_%),$(filter PIP_% PYTHON%,$(.VARIABLES)))

help:
	@sed -n 's/^# make/make/p' Makefile
.DEFAULT_GOAL := help

# ---- The environment: the book's part of it, or all of it ----

NEWER = Python 3.11 or later is needed, and $(PYTHON) is not. \
  If you have one under another name: make $(MAKECMDGOALS) PYTHON=python3.12

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "$(NEWER)" >&2; exit 1; }

book-packages: python
	@$(PYTHON) -m tools.environment requirements-book.txt

packages: python
	@$(PYTHON) -m tools.environment requirements.txt

# ---- The book ----

book: python
	@$(PYTHON) -m tools.build_book

serve: python
	@$(PYTHON) -m tools.build_book "$(PORT)"

anki: book-packages
	@$(BIN)/python -m lenet_course.interview --export _build/anki

colab: python
	@$(PYTHON) -m tools.colab

bundle: python
	@$(PYTHON) -m tools.bundle

pdf: python
	@$(PYTHON) -m tools.pdf

epub: python
	@$(PYTHON) -m tools.epub

address: python
	@$(PYTHON) -m tools.address "$(URL)" $(BRANCH)

# ---- Code ----

execute: packages
	@$(BIN)/python -m tools.execute $(CHAPTER) $(if $(ANY_DATA),--any-data)

# Two tests at a time, one thread each: what two cores can do. A crash ends the run:
# a worker started anew would wait for ever for its group of tests. Where there is no
# test (5), the workers keep the reason to themselves, and pytest alone says it.
test: export OMP_NUM_THREADS = 1
test: packages
	@$(BIN)/python -m pytest -n 2 --dist loadgroup --max-worker-restart 0 $(ARGS) || \
	  { code=$$?; [ $$code != 5 ] || $(BIN)/python -m pytest --collect-only $(ARGS); \
	  exit $$code; }

lab: packages
	@$(BIN)/python -m jupyterlab $(if $(filter 0,$(shell id -u)),--allow-root) \
	  --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/chapters

format: packages
	@$(BIN)/python -m ruff check --fix --quiet . ; $(BIN)/python -m ruff format .

clean:
	@rm -rf _build build .pytest_cache .ruff_cache
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

.PHONY: help python book-packages packages book serve anki colab bundle pdf epub address \
  execute test lab format clean
