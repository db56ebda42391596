# Two commands do everything on a fresh machine: `make run` and `make test`. The rest are their parts.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run test lint types contracts client bench install unit browser-tests frontend-tests browser clean-local

UV := .tools/bin/uv
PY := .venv/bin/python
NPM := PATH="$(CURDIR)/.venv/bin:$$PATH" npm --prefix frontend
MINISTACK := 1.5.33
export UV_NO_PROGRESS := 1

help:
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

run: install frontend/widget/dist/widget.js ## the whole product on this machine, no keys, no network
	@$(PY) -m infra.local

test: install frontend/widget/dist/widget.js browser lint types contracts frontend-tests unit browser-tests ## everything that must hold
	@echo "== all green"

install: .venv/.installed .tools/ministack/.installed ## Python and packages

.tools/bin/uv:
	@echo "== installing the package installer"
	@python3 -m venv .tools && .tools/bin/pip install --quiet --disable-pip-version-check uv==0.13.9

.venv/.installed: requirements.lock .python-version | .tools/bin/uv
	@echo "== installing Python packages (about ten seconds with a warm cache)"
	@UV_PYTHON_DOWNLOADS=never $(UV) python find >/dev/null 2>&1 || $(UV) python install
	@test -x $(PY) || $(UV) venv --quiet .venv
	@$(UV) pip sync --quiet --require-hashes --only-binary :all: requirements.lock
	@touch $@

# Apart from the project's packages: the emulator pins its own botocore.
.tools/ministack/.installed: | .tools/bin/uv
	@echo "== installing the AWS emulator"
	@UV_PYTHON_DOWNLOADS=never $(UV) venv --quiet --allow-existing .tools/ministack
	@$(UV) pip install --quiet --only-binary :all: --python .tools/ministack/bin/python ministack==$(MINISTACK) cryptography
	@touch $@

frontend/node_modules/.installed: frontend/package-lock.json .venv/.installed
	@echo "== installing the frontend's packages"
	@$(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

frontend/widget/dist/widget.js: frontend/node_modules/.installed $(shell find frontend/widget frontend/audio-engine frontend/demo -type f -not -path '*/dist/*' -not -path '*/node_modules/*' 2>/dev/null)
	@echo "== building the widget"
	@$(NPM) run --silent build
	@touch $@

browser:
	@command -v chromium >/dev/null || { echo "== installing Chromium"; \
	  if command -v apt-get >/dev/null; then S=$$([ "$$(id -u)" = 0 ] || echo sudo); $$S apt-get update -qq && $$S apt-get install -y -qq chromium >/dev/null; \
	  else $(PY) -m playwright install chromium; fi; }

lint: install ## style and common mistakes
	@echo "== lint" && $(PY) -m ruff check --quiet . && $(PY) -m ruff format --check --quiet .

types: install ## strict types
	@echo "== types" && $(PY) -m mypy

contracts: install ## who may import whom
	@echo "== import contracts" && .venv/bin/lint-imports --no-logo 2>/dev/null || .venv/bin/lint-imports

client: install ## regenerate what the frontend knows of the API
	@$(PY) -m functions.public_api.openapi > frontend/openapi.json
	@$(PY) -m functions.admin_api.openapi > frontend/admin-openapi.json

frontend-tests: frontend/widget/dist/widget.js
	@echo "== widget: types, tests, size" && $(NPM) run --silent check && $(NPM) test --silent

unit: install
	@echo "== tests" && $(PY) -m pytest -q -n 2 -m "not browser and not platform" tests

browser-tests: frontend/widget/dist/widget.js browser
	@echo "== spoken calls: a real browser, killed processes (about three minutes)" && $(PY) -m pytest -q tests/e2e tests/media/test_bad_input_beside_calls.py

bench: install ## what messages and calls cost on this machine (under six minutes)
	@$(PY) -m tests.bench.servers 10000
	@$(PY) -m tests.bench.widget_calls --seconds 6 && $(PY) -m tests.bench.phone_calls --seconds 6
	@$(PY) -m tests.bench.whatsapp_calls --seconds 6
	@$(PY) -m tests.bench.bad_input --seconds 1
	@$(PY) -m tests.bench.recording_drift --minutes 0.6

clean-local: ## forget the local platform's data
	@rm -rf .local
