PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: demo test check coverage fuzz clean

# torch goes first and alone: asked for by a range, the registry's newest build brings CUDA with it.
$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt torch==2.13.0
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[train]"
	touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[all,test]"
	touch $@

demo: $(VENV)/installed
	$(BIN)/phototriage demo --output outputs/demo

check: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/deptry --no-ansi src
	$(BIN)/deptry --no-ansi --ignore DEP002,DEP004 tests benchmarks

test: check
	$(BIN)/pytest -n auto --dist worksteal

# Slower than `make test`; fails below the floor in pyproject.toml.
coverage: $(VENV)/installed-test
	$(BIN)/pytest --cov

# Damaged and hostile files through the whole ranking, for a time.
FUZZ_SECONDS ?= 300
fuzz: $(VENV)/installed-test
	$(BIN)/python benchmarks/hostile.py --mutants 1000000 --seconds $(FUZZ_SECONDS) --seed $$(date +%s)

clean:
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache
