# One line a task. Each makes the virtual environment first if it is missing.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
EXTRAS := $(VENV)/.extras
PEERS := .venv-peers

.PHONY: grade test prove check lint student figures zips bench bench-peers explore hostile fuzz

grade: $(READY)   ## grade the reference solution on the embedded digits
	$(BIN)/autograder grade solution

test: $(READY) $(EXTRAS)  ## try every behaviour of the kit, in minutes
	$(BIN)/python -m pytest

prove: $(READY) $(EXTRAS)  ## what takes long: all promises, attacks and right files; containers, browser, notebooks
	$(BIN)/python -m pytest -m proof -vv

check: $(READY)   ## prove that skeleton, solution, tests and points agree
	$(BIN)/autograder check

lint: $(READY)    ## style, types, and which room imports which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

student: $(READY) ## write what is generated in student/ anew from solution/
	$(BIN)/autograder student

figures: $(READY) ## draw the handout's figures anew into student/figures/
	$(BIN)/autograder figures

bench: $(READY) $(EXTRAS)  ## what the kit costs beside its last release; BENCH=--save keeps it, BENCH='--only calls,checks' measures some
	PYTHONPATH=tests $(BIN)/python -m kit.bench $(BENCH)

bench-peers: $(READY) $(PEERS)/.ready  ## the kit beside otter, nbgrader, pytest, PrairieLearn's plugin (Python 3.11 or newer)
	PYTHONPATH=tests $(BIN)/python -m kit.bench.peers --environment $(PEERS)

explore: $(READY) ## judge 2,000 files that nobody wrote: right fragments, most with one place changed
	OMP_NUM_THREADS=1 $(BIN)/autograder explore --files 2000

hostile: $(READY) ## grade every hostile submission, and print what became of it
	$(BIN)/python tests/kit/proof/hostile.py

fuzz: $(READY)    ## send damaged messages to the decoder, and changed replies to the tests
	$(BIN)/python tests/kit/isolation/fuzz.py
	OMP_NUM_THREADS=1 PYTHONPATH=tests $(BIN)/python -m kit.isolation.replies

zips: $(READY)    ## write dist/: what to hand out, and what each platform is given
	$(BIN)/autograder build

$(EXTRAS): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[otter,cluster,similarity,nbgrader]'
	touch $(EXTRAS)

$(PEERS)/.ready: tests/kit/bench/peers/requirements.txt constraints.txt
	test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -r tests/kit/bench/peers/requirements.txt
	touch $(PEERS)/.ready

$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	touch $(READY)
