# Every target sets up what it needs: .venv with exactly the hashed requirements, and Kinesics itself in it.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
# all but mediapipe, which holds numpy below 2
EXTRAS := torch parquet runtime export simulate train serve study ray s3 nwb
LOCK := $(BIN)/uv pip compile --quiet --generate-hashes --no-header --no-annotate --no-emit-index-url --python-version 3.11 --universal

.PHONY: demo test lint docs lock weights audit sbom clean

demo: $(READY)  ## analyse a real clip and a simulated interview
	$(BIN)/python scripts/demo.py

test: $(READY)  ## style, types, the rooms' imports and every test
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadscope $(TESTS)

lint: $(READY)  ## mend style where it can be mended, then check types
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format . && $(BIN)/mypy

docs: $(READY)  ## the documentation as a site in site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "read it: $(BIN)/python -m http.server --directory site"

weights: $(READY)  ## train the default weights again, from nothing
	$(BIN)/kinesics train --out runs/default --seed 2

audit: $(READY)  ## known weaknesses in what is pinned, where an index answers
	$(BIN)/python scripts/supply_chain.py audit

sbom: $(READY)  ## a bill of materials, sbom.json
	$(BIN)/python scripts/supply_chain.py sbom

lock: $(READY)  ## resolve the requirements again
	$(LOCK) requirements/uv.in -o requirements/uv.txt
	$(LOCK) pyproject.toml requirements/build.in $(EXTRAS:%=--extra %) --group dev -o requirements/requirements.txt
	$(LOCK) --no-deps requirements/carriers.in -o requirements/carriers.txt

$(READY): requirements/uv.txt requirements/requirements.txt requirements/carriers.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "Kinesics needs Python 3.11, 3.12 or 3.13, found " + sys.version.split()[0] + "; name one: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@echo "Installing the requirements (some 5 GB, mostly torch; a minute or two)"
	VIRTUAL_ENV=.venv $(BIN)/uv pip sync --quiet --require-hashes requirements/requirements.txt requirements/uv.txt requirements/carriers.txt
	VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

clean:
	rm -rf .venv demo site
