# make run: everything from set-up to results/metrics_optimized.json. make test: all checks.
PYTHON ?= $(shell command -v python3.11 || echo python3)
CORES ?= $(shell nproc 2>/dev/null || sysctl -n hw.ncpu)
BIN := .venv/bin

ifneq ($(words $(CURDIR)),1)
$(error $(CURDIR): a path with a blank, in which Snakemake starts no script; move this folder)
endif

.PHONY: run test lint demo clean

run: .venv/run.stamp
	$(BIN)/snakemake --cores $(CORES) results/metrics_optimized.json

test: .venv/dev.stamp resources/models/face_landmarker.task lint
	$(BIN)/pytest

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/mypy

# The demo corpus again, from its seed (it is in the repository: only needed to change it).
demo: .venv/dev.stamp resources/models/face_landmarker.task
	$(BIN)/python -m devaflow.demo resources/demo

resources/models/face_landmarker.task: | .venv/run.stamp
	$(BIN)/snakemake --cores 1 $@

.venv/run.stamp: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.venv/dev.stamp: requirements-dev.lock .venv/run.stamp
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	touch $@

# The environment alone: results may be days of work.
clean:
	rm -rf .venv
