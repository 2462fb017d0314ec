# Huifang: `make run` starts it, `make test` tests it; `make help` lists the rest.
.DEFAULT_GOAL := help
.PHONY: help run test test-asterisk test-sherpa check bench format clean

# The bootstrap needs the standard library only; it finds or builds everything else.
PYTHON ?= python3
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/huifang
DEV = $(CACHE)/env/dev-$(shell sha256sum env/dev.lock | cut -c1-12)/bin/python

help: ## Lists the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/make \1\t\2/' | expand -t 20

run: ## Sets up what is missing, loads the sample export and starts everything (Ctrl-C ends it)
	@export HUIFANG_STARTED_AT=$$(date +%s.%N); $(PYTHON) -m tools.bootstrap run && exec bin/huifang run --demo

test: ## Sets up what is missing and runs every test (ARGS= for pytest)
	@$(PYTHON) -m tools.test_run $(ARGS)

test-asterisk: ## Holds calls over a real Asterisk (asterisk on the PATH, or HUIFANG_ASTERISK=/path/to/asterisk)
	@$(PYTHON) -m tools.bootstrap asterisk
	@PYTHONPATH=. $(DEV) -m pytest -s tests/asterisk/real_calls.py tests/asterisk/real_lines.py $(ARGS)

SHERPA = $(CACHE)/sherpa-$(shell cat env/sherpa.lock env/sherpa_test.lock | sha256sum | cut -c1-12)

test-sherpa: ## Hears with the real sherpa-onnx and a tiny model of its format (fetches the library from PyPI once)
	@$(PYTHON) -m tools.bootstrap sherpa
	@[ -d $(SHERPA) ] || $(DEV) -m pip install -q --no-deps --require-hashes --target $(SHERPA) \
		-r env/sherpa.lock -r env/sherpa_test.lock
	@PYTHONPATH=.:$(SHERPA) $(DEV) -m pytest tests/sherpa/real_sherpa.py $(ARGS)

check: ## Format, lint, types, import contracts, web lint and types
	@$(PYTHON) -m tools.bootstrap check
	$(DEV) -m ruff format --check .
	$(DEV) -m ruff check .
	$(DEV) -m mypy huifang campaigns telephony assistant dialogs knowledge core_api tests tools sample bench
	$(dir $(DEV))lint-imports
	for pages in admin_web patient_web; do (cd $$pages && npm run --silent lint && npm run --silent typecheck) || exit 1; done

bench: ## Measures the figures of bench/ and writes bench/results.json (BENCH_SCALE=1 for full size)
	@$(PYTHON) -m tools.bootstrap test
	@PYTHONPATH=. $(DEV) -m bench $(ARGS)

format: ## Formats the Python sources and mends what ruff can
	@$(PYTHON) -m tools.bootstrap check
	$(DEV) -m ruff format .
	$(DEV) -m ruff check --fix .

clean: ## Removes what was built in this clone (data/ and the user's cache stay)
	rm -rf admin_web/dist admin_web/node_modules patient_web/dist patient_web/node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find . -name __pycache__ -not -path './*_web/*' -prune -exec rm -rf {} +
