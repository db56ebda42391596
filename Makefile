# Two commands do everything on a fresh machine: `make run` and `make test`. The rest are their parts.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run test lint types contracts client bench install computed unit spoken-calls crowds frontend-tests browser clean-local soak fuzz conformance
.PHONY: synth package diff bootstrap deploy deploy-local destroy rollback first-admin plan-capacity costs

UV := .tools/bin/uv
PY := .venv/bin/python
NPM := PATH="$(CURDIR)/.venv/bin:$$PATH" npm --prefix frontend
MINISTACK := 1.5.33
export UV_NO_PROGRESS := 1
PAGES := frontend/widget/dist/widget.js frontend/dashboard/dist/index.html frontend/demo/dist/index.html
sources = $(shell find $(1) -type f -not -path '*/dist/*' -not -path '*/node_modules/*' 2>/dev/null)

help:
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

run: install $(PAGES) ## the whole product on this machine, no keys, no network
	@$(PY) -m infra.local

test: install $(PAGES) browser computed spoken-calls crowds ## everything that must hold
	@echo "== all green"

computed: lint types contracts frontend-tests unit ## all that can be told without real time

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

frontend/widget/dist/widget.js: frontend/node_modules/.installed $(call sources,frontend/widget frontend/audio-engine)
	@echo "== building the widget"
	@$(NPM) run --silent build --workspace widget
	@touch $@

frontend/dashboard/dist/index.html: frontend/node_modules/.installed $(call sources,frontend/dashboard frontend/client frontend/widget)
	@echo "== building the dashboard"
	@$(NPM) run --silent build --workspace dashboard
	@touch $@

frontend/demo/dist/index.html: frontend/node_modules/.installed $(call sources,frontend/demo frontend/audio-engine)
	@echo "== building the demo page"
	@$(NPM) run --silent build --workspace demo
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

client: frontend/node_modules/.installed ## regenerate what the frontend knows of the API
	@$(PY) -m functions.public_api.openapi > frontend/openapi.json
	@$(PY) -m functions.admin_api.openapi > frontend/client/openapi.json
	@$(NPM) run --silent generate --workspace client

frontend-tests: $(PAGES)
	@echo "== frontend: types, tests, size, client as generated" && $(NPM) run --silent check && $(NPM) test --silent

unit: install ## all that needs no real time
	@echo "== tests" && $(PY) -m pytest -q -n 2 -m "not browser and not platform and not realtime and not deployment" tests

# The emulator writes each piece of a recording where everything waits for it: in memory, if there is room.
MEMORY = $(shell [ -w /dev/shm ] && [ $$(df -Pm /dev/shm | awk 'END {print $$4}') -gt 2000 ] && echo /dev/shm || echo /tmp)

SPOKEN = PYTEST_DEBUG_TEMPROOT=$(MEMORY) $(PY) -m pytest -q -o tmp_path_retention_policy=failed --durations 12

spoken-calls: $(PAGES) browser ## calls in real time: a real browser, killed processes
	@echo "== spoken calls (about eight minutes)" && \
	  $(SPOKEN) -n 2 --dist loadfile --no-loadscope-reorder --ignore tests/conformance -m "(browser or platform or realtime) and not crowded" tests

crowds: $(PAGES) browser ## what wants the machine for itself: many calls at once, sound compared to the sample
	@echo "== many calls at once, sound compared to the sample (about six minutes)" && $(SPOKEN) -m crowded tests

conformance: $(PAGES) ## every journey on every channel with every provider, as a table (about three minutes)
	@$(SPOKEN) tests/conformance

bench: install ## what messages and calls cost on this machine (under nine minutes)
	@$(PY) -m tests.bench.servers 10000
	@$(PY) -m tests.bench.widget_calls --seconds 6 && $(PY) -m tests.bench.phone_calls --seconds 6
	@$(PY) -m tests.bench.whatsapp_calls --seconds 6
	@$(PY) -m tests.bench.bad_input --seconds 1 && $(PY) -m tests.bench.bad_whatsapp --seconds 0.5
	@$(PY) -m tests.bench.recording_drift --minutes 0.6
	@$(PY) -m tests.bench.call_lists
	@$(PY) -m tests.bench.cold_starts && $(PY) -m tests.bench.relayed

# AWS. The CDK command is pinned in infra/package-lock.json and runs on the Node of the virtual environment.
STAGE ?= dev
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20
CDK := PATH="$(CURDIR)/.venv/bin:$$PATH" infra/node_modules/.bin/cdk --no-notices -c stage=$(STAGE)

infra/node_modules/.installed: infra/package-lock.json .venv/.installed
	@echo "== installing the CDK command"
	@PATH="$(CURDIR)/.venv/bin:$$PATH" npm --prefix infra ci --no-audit --no-fund --loglevel=error
	@touch $@

synth: .venv/.installed ## the AWS templates of STAGE, without credentials, Docker or network
	@began=$$(date +%s); PATH="$(CURDIR)/.venv/bin:$$PATH" STAGE=$(STAGE) CDK_OUTDIR=.build/cdk.out $(PY) -m infra.app && \
	  echo "== $$(ls .build/cdk.out/*.template.json | wc -l) templates of stage $(STAGE) in .build/cdk.out after $$(( $$(date +%s) - began )) s"

package: .venv/.installed ## the layers of the functions, by uv
	@$(PY) -m infra.package.layer $(STAGE)

diff: package infra/node_modules/.installed ## what a deployment to STAGE would change
	@$(CDK) diff --all -c deploy=yes

bootstrap: infra/node_modules/.installed ## once for each account and region
	@$(CDK) bootstrap

deploy: package $(PAGES) infra/node_modules/.installed ## everything to STAGE, then the frontend's files
	@$(CDK) deploy --all -c deploy=yes --require-approval broadening
	@$(PY) -m infra.publish $(STAGE)

first-admin: .venv/.installed ## make EMAIL the first master admin of STAGE
	@$(PY) -m infra.first_admin $(STAGE) $(EMAIL)

rollback: ## deploy RELEASE (a tag or commit) to STAGE, from a work tree of its own
	@test -n "$(RELEASE)" || { echo "say which: make rollback STAGE=$(STAGE) RELEASE=<tag>"; exit 2; }
	@git worktree add --force --detach .build/rollback "$(RELEASE)" && $(MAKE) -C .build/rollback install deploy STAGE=$(STAGE); \
	  ended=$$?; git worktree remove --force .build/rollback; exit $$ended

destroy: infra/node_modules/.installed ## take STAGE away; production keeps its data
	@$(CDK) destroy --all

deploy-local: install infra/node_modules/.installed ## deploy data, identity, api and workflows to the emulator and have a call summarised there
	@$(PY) -m pytest -q -s tests/deployment

plan-capacity: .venv/.installed ## measure how many calls a task carries and write it to infra/capacity.json
	@$(PY) -m tests.bench.plan_capacity --write

costs: .venv/.installed ## what STAGE costs at idle and per 1,000 call minutes
	@$(PY) -m infra.costs $(STAGE)

soak: install ## ten thousand generated schedules of deaths and doubles in the work after a call (about three minutes)
	@$(PY) -m tests.functions.workflows.schedules 10000

fuzz: install ## ask both APIs very many made-up requests (about ten minutes; FUZZ_EXAMPLES=50)
	@FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-50} $(PY) -m pytest -q tests/functions/test_fuzz.py

clean-local: ## forget the local platform's data
	@rm -rf .local
