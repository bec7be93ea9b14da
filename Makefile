# Any Python 3.11 to 3.13 that really runs and can make a virtual environment; `make run PYTHON=…` names another.
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3 python; do \
	"$$python" -c 'import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
		2>/dev/null && echo "$$python" && break; done)
VENV := .venv
BIN := $(VENV)/bin
# Errors only: pip says nothing else.
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
# The folders with tests that start workers: the whole suite takes ten seconds more to collect.
CLUSTER_TESTS := tests/workers tests/hosting
CHECKED := overfit_core pages app.py tests benchmarks docs

.PHONY: run test exhaustive test-all lint format bench picture clean

# Install what the app needs, start it, and print its address. Threads share two heaps, Arrow's
# tables too: 9 MB less in the web process.
run: $(VENV)/.app
	@MALLOC_ARENA_MAX=2 ARROW_DEFAULT_MEMORY_POOL=system $(BIN)/python -m streamlit run app.py --server.address=localhost --server.showEmailPrompt=false

# Install what the tests need, a browser included, and run them, without the exhaustive ones: on
# every core; those that start workers one by one; browsers two at a time.
test: $(VENV)/.dev
	@$(BIN)/python tests/e2e/browser.py
	@$(BIN)/python -m pytest -m "not cluster and not e2e and not exhaustive" -n auto --dist worksteal
	@$(BIN)/python -m pytest $(CLUSTER_TESTS) -m "cluster and not exhaustive"
	@$(BIN)/python -m pytest tests/e2e -m "not exhaustive" -n 2 --dist worksteal

# The tests that `make test` leaves out: more cases of the same, and rarer ways for things to go.
exhaustive: $(VENV)/.dev
	@$(BIN)/python tests/e2e/browser.py
	@$(BIN)/python -m pytest -m "exhaustive and not cluster and not e2e" -n auto --dist worksteal
	@$(BIN)/python -m pytest $(CLUSTER_TESTS) -m "exhaustive and cluster"
	@$(BIN)/python -m pytest tests/e2e -m exhaustive -n 2 --dist worksteal

# Every test.
test-all: test exhaustive

# Check format, style and types.
lint: $(VENV)/.dev
	@$(BIN)/ruff format --check $(CHECKED)
	@$(BIN)/ruff check $(CHECKED)
	@$(BIN)/mypy

# Put everything into the format that lint asks for.
format: $(VENV)/.dev
	@$(BIN)/ruff check --fix --quiet $(CHECKED) || true
	@$(BIN)/ruff format $(CHECKED)

# Measure the engine beside its peers, then the page in a browser; results go to benchmarks/RESULTS.md.
bench: $(VENV)/.bench
	@$(BIN)/python tests/e2e/browser.py
	@$(BIN)/python -m benchmarks.engine
	@$(BIN)/python -m benchmarks.race
	@$(BIN)/python -m benchmarks.long_run
	@$(BIN)/python -m benchmarks.workers
	@$(BIN)/python -m benchmarks.page
	@$(BIN)/python -m benchmarks.compare
	@$(BIN)/python -m benchmarks.diagnosis

# Take the picture of the Train page that the README shows.
picture: $(VENV)/.dev
	@$(BIN)/python tests/e2e/browser.py
	@$(BIN)/python -m docs.picture

# Remove the environment and every cache; recorded runs stay.
clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The virtual environment itself; made only where none works.
$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 with venv was found. Install one" \
		"(Debian, Ubuntu: apt-get install python3 python3-venv), or name it: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv --clear $(VENV)

# Stamps: packages are installed again only when their list changes.
$(VENV)/.app: requirements.txt | $(BIN)/python
	@echo "Installing what the app needs (the first time 0.6 GB to load and a few minutes)"
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt requirements.txt | $(BIN)/python
	@echo "Installing what the app and its tests need (the first time 0.7 GB to load and a few minutes)"
	@$(PIP) -r requirements-dev.txt
	@touch $@ $(VENV)/.app

$(VENV)/.bench: requirements-bench.txt requirements-dev.txt requirements.txt | $(BIN)/python
	@echo "Installing what the benchmarks compare with (JAX, optax, PyTorch)"
	@$(PIP) -r requirements-bench.txt
	@touch $@ $(VENV)/.dev $(VENV)/.app
