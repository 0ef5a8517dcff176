# Two commands do everything on a machine with Python and make: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo docs notebooks test test-all check format overhead operators models fuzz clean

demo: .venv/demo.done  ## trains a small CNN on real digits in both styles
	$(BIN)/python examples/mnist.py

notebooks: .venv/notebooks.done  ## runs the notebooks and saves them with their outputs
	$(BIN)/python tools/notebooks.py

docs: .venv/docs.done  ## builds the site into out/site, strictly: look at it with `python -m http.server -d out/site`
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

test: .venv/test.done check  ## lint, types, all tests, and the notebooks in their quick form (the Chinese one has the code of the first)
	$(BIN)/python -m pytest -n auto --dist loadgroup
	QUICK=1 $(BIN)/python -m pytest -n auto --nbmake --nbmake-timeout=300 --ignore-glob="*.zh.ipynb" examples/notebooks

test-all: .venv/test.done check  ## every row of every table: an hour
	OPTIMIZED=1 $(BIN)/python -m pytest -n auto --dist loadgroup -m ''

check: .venv/test.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

format: .venv/test.done  ## what ruff can mend, it mends; generated files are made anew
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python tools/stubs.py
	$(BIN)/python tools/parity.py
	$(BIN)/python tools/pictures.py

# Python compiles what is imported when it is: to compile all of torch and jax first takes a minute.
.venv/%.done: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --editable '.[$(EXTRAS)]'
	touch $@

.venv/demo.done: EXTRAS := examples
.venv/test.done: EXTRAS := test,dev,docs,examples,notebooks
.venv/docs.done: EXTRAS := docs
.venv/notebooks.done: EXTRAS := notebooks
.venv/bench.done: EXTRAS := bench

overhead: .venv/bench.done  ## what a call, a step and a cold start cost, beside the other libraries
	$(BIN)/python benchmarks/overhead.py

operators: .venv/bench.done  ## what operators cost, beside torch and the obvious JAX
	$(BIN)/python benchmarks/operators.py --json out/operators.json --chart out/operators.png

models: .venv/bench.done  ## what whole models cost, beside torch, flax.nnx and equinox
	$(BIN)/python benchmarks/models.py --json out/models.json --chart out/models.png

fuzz: .venv/test.done  ## 10,000 damaged checkpoints, each of which must be read or refused
	$(BIN)/python tools/fuzz_checkpoints.py

clean:
	rm -rf .venv out dist .pytest_cache .ruff_cache .hypothesis
