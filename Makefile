# A machine with Python and make needs two commands: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
unexport PYTHONDONTWRITEBYTECODE  # otherwise each process of the tests compiles all of torch and jax again

.PHONY: demo docs notebooks test test-all check lint format overhead operators chains models fuzz zoo clean

demo: .venv/demo.done  ## trains a small CNN on real digits in both styles
	$(BIN)/python examples/mnist.py

notebooks: .venv/notebooks.done  ## runs the notebooks and saves them with their outputs
	$(BIN)/python tools/notebooks.py

docs: .venv/docs.done  ## builds the site into out/site, strictly: look at it with `python -m http.server -d out/site`
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

test: lint  ## lint, types, all tests, and the notebooks in their quick form (the Chinese one has the code of the first)
	$(BIN)/python -m pytest -n auto --dist loadfile
	QUICK=1 $(BIN)/python -m pytest -n auto --nbmake --nbmake-timeout=300 --ignore-glob="*.zh.ipynb" examples/notebooks

test-all: lint  ## every row of every table: an hour
	OPTIMIZED=1 $(BIN)/python -m pytest -n auto --dist loadfile -m ''

check: lint  ## lint and types, which are also a test
	$(BIN)/pyright

lint: .venv/test.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: .venv/test.done  ## ruff's fixes and formatting; makes generated files anew
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python tools/stubs.py
	$(BIN)/python tools/parity.py
	$(BIN)/python tools/pictures.py
	$(BIN)/python tools/ops_page.py

# Without --no-compile pip compiles all of torch and jax, which takes a minute. Python compiles modules on import.
.venv/%.done: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --editable '.[$(EXTRAS)]'
	touch $@

.venv/demo.done: EXTRAS := examples
.venv/test.done: EXTRAS := test,dev,docs,examples,notebooks
.venv/docs.done: EXTRAS := docs
.venv/notebooks.done: EXTRAS := notebooks
.venv/bench.done: EXTRAS := bench

overhead: .venv/bench.done  ## the cost of a call, a step and a cold start, beside other libraries
	$(BIN)/python benchmarks/overhead.py

operators: .venv/bench.done  ## the cost of operators, beside torch and the naive JAX
	$(BIN)/python benchmarks/operators.py --json out/operators.json --chart out/operators.png

chains: .venv/bench.done  ## the cost of chains of operators in one jit, beside torch, the naive JAX and their parts
	$(BIN)/python benchmarks/chains.py --json out/chains.json --chart out/chains.png

models: .venv/bench.done  ## the cost of whole models, beside torch, flax.nnx and equinox
	$(BIN)/python benchmarks/models.py --json out/models.json --chart out/models.png

fuzz: .venv/test.done  ## reads 10,000 damaged checkpoints: each must be read or refused
	$(BIN)/python tools/fuzz_checkpoints.py

# Packages whose architectures from_torch converts; --no-deps for those that would install another torch.
ZOO ?= zoo.py
.venv-zoo/done: pyproject.toml
	test -x .venv-zoo/bin/python || $(PYTHON) -m venv .venv-zoo
	.venv-zoo/bin/python -m pip install --quiet --no-compile --editable . torch==2.13.0 transformers==5.24.0 \
		diffusers==0.42.1 monai==1.6.1 torch-geometric==2.8.1 x-transformers==2.31.10
	.venv-zoo/bin/python -m pip install --quiet --no-compile --no-deps torchax==0.0.13 timm==1.0.31 \
		segmentation-models-pytorch==0.6.0 efficientnet-pytorch==0.7.1 vit-pytorch==1.26.11 conformer==0.3.2 \
		perceiver-pytorch==0.11.0 siren-pytorch==0.1.7 pytorch-tcn==1.2.3 pytorch-crf==0.7.2 pytorch-tabnet==4.1.0 \
		scikit-learn==1.9.1 scipy==1.17.1 joblib==1.6.0 threadpoolctl==3.8.0 narwhals==2.29.0 \
		tab-transformer-pytorch==0.6.1 hyper-connections==0.4.11 x-mlps-pytorch==0.6.9 \
		discrete-continuous-embed-readout==0.2.12 beartype==0.23.1 asteroid==0.7.0 asteroid-filterbanks==0.4.0 \
		openunmix==1.3.0
	touch $@

zoo: .venv-zoo/done  ## public torch architectures through from_torch; ZOO is the file that builds them
	.venv-zoo/bin/python benchmarks/interop.py $(ZOO) --times --docs docs/interop.md --json out/interop.json

clean:
	rm -rf .venv .venv-zoo out dist .pytest_cache .ruff_cache .hypothesis
