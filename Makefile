# make demo    sets everything up and shows the product on sample_docs/
# make test    sets up what tests need and runs them all
# Either may be the first command in a fresh clone.

.PHONY: setup setup-test demo test check docs lock samples bench-ocr bench-learning bench-export \
        property-campaign crash-campaign clean

PY = .venv/bin/python
ROUNDS = 10

setup:
	@tools/setup.sh run

setup-test:
	@tools/setup.sh test

demo: setup
	@$(PY) tools/demo.py

test: setup-test check
	$(PY) -m pytest -n 2 --dist worksteal -m "not slow"

check: setup-test
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

# --- for developers ---------------------------------------------------------------------------

docs: setup-test                # what is made from the sources: German catalogue, two pages
	$(PY) tools/catalogue.py
	$(PY) tools/cli_reference.py > docs/cli.md
	$(PY) tools/message_table.py > docs/messages.md

samples: setup-test             # makes sample_docs/ anew, byte by byte the same
	$(PY) bench/make_samples.py

bench-ocr: setup-test           # needs the letters of the corpora, see bench/README.md
	$(PY) bench/ocr.py

bench-export: setup-test        # 10,000 documents on their way to the archive: takes half an hour
	$(PY) -m bench.disposition

bench-learning: setup-test      # 100,000 examples fitted beside the intake; needs council papers
	$(PY) -m bench.learning

property-campaign: setup-test   # properties with other examples each time; ROUNDS=100 for a night
	for round in $$(seq $(ROUNDS)); do \
	  $(PY) -m pytest -n 2 --hypothesis-profile=campaign -m "hypothesis and not slow" || exit 1; done

crash-campaign: setup-test      # every crash point, not only every k-th: takes long
	$(PY) -m pytest -m slow -n 2 --timeout=21600

COMPILE = uv pip compile -q --universal --python-version 3.11 --generate-hashes \
          --no-emit-index-url --no-header

lock:                           # pins for all Python versions from 3.11, with hashes
	$(COMPILE) --group pyproject.toml:build -o requirements-build.lock
	$(COMPILE) -c requirements-build.lock pyproject.toml --extra dev -o requirements-dev.lock
	# What is shipped is what was tested.
	$(COMPILE) -c requirements-dev.lock pyproject.toml -o requirements.lock

clean:
	rm -rf var build *.egg-info
