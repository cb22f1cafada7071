# `make demo` and `make test` need Python 3.11 or newer and nothing else.

VENV := .venv
BIN := $(VENV)/bin

# The first interpreter that is new enough and can make environments.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	"$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo "$$python" && break; done)

PIP := $(BIN)/python -m pip install --disable-pip-version-check -q
UV := $(or $(shell command -v uv),$(BIN)/uv)

# On Linux pip takes a build of torch for graphics cards, ten times as large; uv takes the one without (pyproject.toml).
# Where there is no uv it goes into the environment first; where uv cannot get at that build, pip goes on.
ifeq ($(shell uname -s),Linux)
define install
	@{ test -x "$(UV)" || $(PIP) uv; } \
	&& $(UV) pip install -q --python $(BIN)/python -c constraints.txt -e $(1) 2>$(VENV)/uv.log \
	|| { echo "uv could not install ($(VENV)/uv.log says why); pip goes on" >&2; $(PIP) -c constraints.txt -e $(1); }
endef
else
define install
	$(PIP) -c constraints.txt -e $(1)
endef
endif

.DEFAULT_GOAL := help
.PHONY: help demo test fuzz check bundles format clean

help:  ## list the targets
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/'

demo: $(VENV)/installed  ## install, then label the sample posts: sentiment.csv, sentiment.xlsx
	$(BIN)/mmsa classify mmsa_tui/samples/posts.csv -o sentiment.csv -o sentiment.xlsx --resume
	@echo "Now try: $(BIN)/mmsa demo"

# Half of the time a story waits for a process: two at once take a third less.
test: $(VENV)/installed-dev  ## install, then run the tests, two files at once
	$(BIN)/pytest -n 2 --dist loadfile

fuzz: $(VENV)/installed-dev  ## damage 200 files of every format, and others for some minutes by a new seed
	MMSA_FUZZ=200 $(BIN)/pytest tests/unit/test_reader_fuzz.py tests/unit/test_reader_ndjson.py \
		tests/unit/test_sources_csv_quotes.py tests/unit/test_sources_silence.py \
		tests/unit/test_reader_properties.py tests/unit/test_filter_property.py tests/unit/test_facts.py
	FUZZ_ROUNDS=600 FUZZ_SEED=$$(date +%s) $(BIN)/pytest tests/cli/test_fuzz.py -o timeout=3600

check: $(VENV)/installed-dev  ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bundles: $(VENV)/installed-dev  ## build what is handed out, into dist/: the program, the default bundle
	$(BIN)/python -m hatchling build -t wheel -d dist
	cd model_bundle && ../$(BIN)/python -m hatchling build -t wheel -d ../dist
	$(BIN)/mmsa bundle export enriched -o dist/enriched.mmsa

format: $(VENV)/installed-dev  ## format and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:  ## remove the environment and what the tools leave
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -f sentiment.csv sentiment.xlsx snapshot_report.html

# The stamps are younger than what they were installed from, and go with the environment.
$(VENV)/installed: $(VENV)/created pyproject.toml constraints.txt
	$(call install,.)
	@touch $@

$(VENV)/installed-dev: $(VENV)/created pyproject.toml constraints.txt
	$(call install,'.[dev]')
	@touch $@ $(VENV)/installed

$(VENV)/created:
	@test -n "$(PYTHON)" || { echo "mmsa-tui needs Python 3.11 or newer, with venv; set PYTHON=/path/to/it" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@
