# `make run` and `make test` set up .venv themselves; only Python 3.11+, make and pip are needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test soak check fix lock clean

run: $(VENV)/.run
	$(BIN)/python launch.py

# The number of processes that run the tests; tests/conftest.py says which tests share one.
WORKERS ?= 2

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n $(WORKERS) --no-loadscope-reorder

# Kills 500 readings and 200 other commands, where `make test` kills 30 and 10.
soak: $(VENV)/.dev
	AMMON_KILLS=500 $(BIN)/python -m pytest tests/app/test_kill.py -q -s
	AMMON_KILLS=200 $(BIN)/python -m pytest tests/app/test_kill_commands.py -q -s

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fix: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV)

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Ammon needs Python 3.11 or newer; set PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

# Exactly the locked files and nothing else; `make lock` makes the locks, .ci/lock.py explains them.
LOCKED := -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes
NEEDS_CUDA := import importlib.metadata as m, sys; \
    sys.exit(not any(r.startswith(("nvidia", "cuda")) for r in m.requires("torch") or []))

$(VENV)/.run: locks/torch-cpu.txt locks/torch.txt locks/cuda.txt locks/run.txt $(BIN)/python
	$(BIN)/python $(LOCKED) -r locks/torch-cpu.txt 2> /dev/null || $(BIN)/python $(LOCKED) -r locks/torch.txt
	if $(BIN)/python -c '$(NEEDS_CUDA)'; then $(BIN)/python $(LOCKED) -r locks/cuda.txt; fi
	$(BIN)/python $(LOCKED) -r locks/run.txt
	touch $@

$(VENV)/.dev: locks/dev.txt $(VENV)/.run
	$(BIN)/python $(LOCKED) -r locks/dev.txt
	touch $@

lock: $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python .ci/lock.py
