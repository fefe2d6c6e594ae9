# make demo    sets everything up and shows the product on sample_docs/
# make test    sets up what tests need and runs them all
# Either may be the first command in a fresh clone.

.PHONY: setup setup-test demo test quick check api coverage docs lock samples bench-short property-campaign \
        crash-campaign hostile-campaign soak clean

PY = .venv/bin/python
ROUNDS = 10
SUITE = pure
MINUTES = 60
BENCHES = classification disposition engine export extraction learning ocr rebuild separation startup

setup:
	@tools/setup.sh run

setup-test:
	@tools/setup.sh test

demo: setup
	@$(PY) tools/demo.py

test: setup-test check
	$(PY) -m pytest -n 2 --dist loadfile -m "not slow"

check: setup-test
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

quick: check                    # types, style and all that starts no process: before each commit
	$(PY) -m pytest -n 2 -m "pure and not slow"

# --- for developers ---------------------------------------------------------------------------

coverage: setup-test            # a figure; SUITE="not slow" for all tests, which takes far longer
	.venv/bin/coverage erase
	.venv/bin/coverage run -m pytest -m "$(SUITE)"
	.venv/bin/coverage combine -q
	.venv/bin/coverage report --skip-covered --sort=cover

api: setup-test                 # build/api/index.html, from the docstrings
	.venv/bin/pdoc -d google -o build/api archiver

docs: setup-test                # what is made from the sources: German catalogue, two pages
	$(PY) tools/catalogue.py
	$(PY) tools/cli_reference.py > docs/cli.md
	$(PY) tools/message_table.py > docs/messages.md

samples: setup-test             # makes sample_docs/ anew, byte by byte the same
	$(PY) bench/make_samples.py

bench-%: setup-test             # one measurement of bench/, e.g. bench-ocr; see bench/README.md
	$(PY) -m bench.$*

bench-short: setup-test         # the short form of each: a minute; `make test` has them too
	for bench in $(BENCHES); do $(PY) -m bench.$$bench --short || exit 1; done

property-campaign: setup-test   # properties with other examples each time; ROUNDS=100 for a night
	for round in $$(seq $(ROUNDS)); do \
	  $(PY) -m pytest -n 2 --hypothesis-profile=campaign -m "hypothesis and not slow" || exit 1; done

crash-campaign: setup-test      # every crash point, not only every k-th: takes long
	$(PY) -m tests.crash_campaign
	$(PY) -m pytest -m slow -n 2 --timeout=21600

hostile-campaign: setup-test    # 2,000 broken files besides the corpora, which it needs: an hour
	$(PY) -m bench.hostile

soak: setup-test                # an archive in use for MINUTES, and what it has more of then
	$(PY) -m bench.soak --minutes $(MINUTES)

COMPILE = uv pip compile -q --universal --python-version 3.11 --generate-hashes \
          --no-emit-index-url --no-header

lock:                           # pins for all Python versions from 3.11, with hashes
	$(COMPILE) --group pyproject.toml:build -o requirements-build.lock
	$(COMPILE) -c requirements-build.lock pyproject.toml --extra dev -o requirements-dev.lock
	# What is shipped is what was tested.
	$(COMPILE) -c requirements-dev.lock pyproject.toml -o requirements.lock

clean:
	rm -rf var build *.egg-info
