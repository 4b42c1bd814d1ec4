# `make demo` and `make test` set up all that they need, in .venv, from Python 3.11 and the package index alone.
PYTHON ?= $(firstword $(shell command -v python3.11 python3 python 2>/dev/null))
BIN := .venv/bin
READY := .venv/.ready
ARGS ?=

.PHONY: setup demo test test-all check format lint types contracts bench lock clean

setup: $(READY)

# uv arrives by hash from pip, everything else by hash from uv. `--system-certs`: an empty environment names no certificate file.
$(READY): requirements.lock requirements-uv.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "tollhouse needs Python 3.11 or newer; none was found. Set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is too old; tollhouse needs Python 3.11 or newer. Set PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r requirements-uv.lock
	@$(BIN)/uv pip sync --quiet --system-certs --compile-bytecode --python $(BIN)/python --only-binary :all: --require-hashes requirements-uv.lock requirements.lock
	@$(BIN)/uv pip install --quiet --system-certs --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $(READY)

demo: $(READY)
	@$(BIN)/tollhouse demo $(ARGS)

test: $(READY)
	@$(BIN)/python -m pytest -n 2 -m "not slow" $(ARGS)

test-all: $(READY)
	@$(BIN)/python -m pytest -n 2 $(ARGS)

check: format lint types contracts test

format: $(READY)
	@$(BIN)/ruff format --check .

lint: $(READY)
	@$(BIN)/ruff check .

types: $(READY)
	@$(BIN)/mypy

contracts: $(READY)
	@$(BIN)/lint-imports

bench: $(READY)
	@$(BIN)/python -m benchmarks $(ARGS)

lock:
	@for in in pyproject.toml requirements-uv.in; do \
	  case $$in in pyproject.toml) out=requirements.lock; extra="--all-extras --group dev";; *) out=requirements-uv.lock; extra="";; esac; \
	  $(BIN)/uv pip compile --quiet --system-certs --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-annotate --no-header --only-binary :all: $$extra $$in -o $$out; done

clean:
	rm -rf .venv
