# What can be done here. Plain commands: each is one that could be typed as well.

LANE ?= heavy

# Two at a time, the tests of one file together: they share servers and builders.
SIDE_BY_SIDE = -n 2 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help up worker check test mutants faults soak bench test-compose lint clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# exec: so that a signal that make passes on reaches the launcher itself.
up: ## Run all of Reckoner here, at http://localhost:8080, until Ctrl-C
	@compose/bootstrap.sh up
	@exec .venv/bin/python -m compose.local

worker: ## Run one more worker beside `make up`, for LANE=quick or LANE=heavy
	@test -r var/reckoner.env || { echo "Start Reckoner first: make up" >&2; exit 1; }
	@set -a; . var/reckoner.env; set +a; exec .venv/bin/python -m workers $(LANE)

check: lint ## What to run at every save: checks, unit tests and the quick integration tests
	.venv/bin/python -m pytest $(SIDE_BY_SIDE) -m "not slow" tests/unit tests/integration

test: lint ## Check and test everything, against real services started for it
	.venv/bin/coverage erase
	.venv/bin/python -m pytest $(SIDE_BY_SIDE) --cov --cov-report=
	.venv/bin/python -m pytest tests/faults -m short
	.venv/bin/coverage report

mutants: ## Put small faults into copies of the product: the tests must notice (SAMPLE=60 SEED=…)
	@compose/bootstrap.sh mutants
	.venv/bin/python -m tests.mutants --sample $(or $(SAMPLE),60) $(if $(SEED),--seed $(SEED)) --write-table

faults: ## Break everything that can break, and write docs/reliability.md's table
	@compose/bootstrap.sh dev
	.venv/bin/python -m pytest tests/faults --write-table

soak: ## Break things at random for SECONDS=1200 with SEED=…, then check everything
	@compose/bootstrap.sh dev
	SOAK_SECONDS=$(or $(SECONDS),1200) SOAK_SEED=$(SEED) .venv/bin/python -m pytest tests/faults/soak.py

bench: ## Measure it beside its peers, and write docs/benchmarks.md (about 25 minutes)
	@compose/bootstrap.sh bench
	.venv/bin/python -m tests.benchmarks $(ARGUMENTS)

test-compose: ## Test the Docker Compose shape; needs Docker and the images
	@compose/bootstrap.sh dev
	.venv/bin/python -m pytest tests/compose

lint: ## Check style, types and the arrows between packages
	@compose/bootstrap.sh dev
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports

clean: ## Delete .venv and var, with the database in it
	@if [ -x .venv/bin/python ]; then .venv/bin/python -m compose.local.clean; fi
	rm -rf .venv
