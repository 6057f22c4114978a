# Storekeeper. `make` lists what there is.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup demo up down status warehouse psql sandbox test test-quick test-histories test-cluster test-exchanges lint types \
	papers check format docs lock chaos chaos-selftest chaos-airflow mutants bench clean
RUN := . .local/env &&

help: ## List the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' Makefile

setup: ## Install everything into .local, and write .local/env
	@sh stack/setup.sh

demo: setup ## Set everything up and run every operation through Airflow against the sandbox store
	@$(RUN) python -m stack.demo

up: setup ## Start Airflow and its UI, the warehouse and the sandbox store, and leave them running
	@$(RUN) python -m stack.services up

down: setup ## Stop all of them
	@$(RUN) python -m stack.services down

status: setup ## What is running, and where
	@$(RUN) python -m stack.services status

warehouse: setup ## Start the embedded Postgres if it does not run
	@$(RUN) python -m stack.services warehouse

psql: setup ## Open psql on the warehouse
	@$(RUN) python -m stack.services psql

sandbox: setup ## Start the sandbox store if it does not run
	@$(RUN) python -m stack.services sandbox

PYTEST := python -m pytest -n $(or $(WORKERS),3) --dist loadfile --no-loadscope-reorder

test: setup ## Run all tests (about 8 minutes on 2 cores)
	@$(RUN) $(PYTEST)

test-quick: setup ## Run the tests of pure functions, the warehouse and the docs (about a minute)
	@$(RUN) $(PYTEST) tests/unit tests/warehouse tests/papers

test-histories: setup ## Run longer random histories, lost answers and stopped writers (EFFORT=10)
	@$(RUN) STOREKEEPER_TEST_EFFORT=$(or $(EFFORT),10) $(PYTEST) tests/laws tests/operations/test_publish_once.py \
		tests/operations/test_ship_once.py tests/operations/test_shipments_at_random.py \
		tests/operations/test_stalled_writers.py tests/operations/test_import_against_oracle.py

test-cluster: setup ## Kill each part of the deployed Airflow while a task runs, with three channels
	@$(RUN) STOREKEEPER_TEST_EFFORT=2 python -m pytest tests/airflow/test_cluster.py

test-exchanges: setup ## Hold the sandbox to the OpenAPI files with more requests that nobody wrote (EFFORT=10, SEED=)
	@$(RUN) STOREKEEPER_TEST_EFFORT=$(or $(EFFORT),10) STOREKEEPER_TEST_SEED=$(or $(SEED),1) $(PYTEST) \
		tests/sandbox/test_schemathesis.py

lint: setup ## Check style, imports between rooms, and SQL
	@$(RUN) ruff check . && ruff format --check . && lint-imports && sqlfluff lint --disable-progress-bar include/sql

types: setup ## Check types
	@$(RUN) mypy

papers: setup ## Check that the generated papers are up to date
	@$(RUN) python -m docs.generate --check

check: lint types papers test ## All of the above

format: setup ## Put code and SQL into shape
	@$(RUN) ruff check --fix . ; ruff format .

docs: setup ## Write the generated papers anew
	@$(RUN) python -m docs.generate

LOCK := .local/venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock"
lock: ## Resolve requirements.in and requirements-dev.in into their locks anew
	@$(LOCK) requirements.in -o requirements.txt
	@$(LOCK) -c requirements.txt requirements-dev.in -o requirements-dev.txt

chaos: setup ## Break every request and statement of every operation (SEED=, SAMPLE= for so many points)
	@$(RUN) python -m tests.chaos --seed $(or $(SEED),1) $(if $(SAMPLE),--sample $(SAMPLE))

chaos-airflow: setup ## Break a few of them through the real Airflow
	@$(RUN) python -m tests.chaos --seed $(or $(SEED),1) --airflow $(or $(SAMPLE),6)

chaos-selftest: setup ## Try whether mutants of our own code are caught by make chaos
	@$(RUN) python -m tests.chaos --selftest

mutants: setup ## Does a test notice a changed line? Try a sample of changes that nobody chose (SEED=, SAMPLE=)
	@$(RUN) python -m tests.mutants --seed $(or $(SEED),1) --sample $(or $(SAMPLE),300) --jobs $(or $(JOBS),2)

bench: setup ## Measure operations against the plainest client; memory, use of the quota, parsing
	@$(RUN) python -m benchmarks

clean: down ## Remove all that setup and the services have made, the embedded Postgres and its data too
	@$(RUN) python -m stack.services clean
	@rm -rf .local
