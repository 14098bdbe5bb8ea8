# What can be done here. Plain commands: each is one that could be typed as well.

LANE ?= heavy

.DEFAULT_GOAL := help
.PHONY: help up worker test faults soak bench test-compose lint clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# exec: so that a signal that make passes on reaches the launcher itself.
up: ## Run all of Reckoner here, at http://localhost:8080, until Ctrl-C
	@compose/bootstrap.sh up
	@exec .venv/bin/python -m compose.local

worker: ## Run one more worker beside `make up`, for LANE=quick or LANE=heavy
	@test -r var/reckoner.env || { echo "Start Reckoner first: make up" >&2; exit 1; }
	@set -a; . var/reckoner.env; set +a; exec .venv/bin/python -m workers $(LANE)

test: lint ## Check and test everything, against real services started for it
	.venv/bin/coverage erase
	.venv/bin/coverage run -m pytest
	.venv/bin/python -m pytest tests/faults -m short
	.venv/bin/coverage combine --quiet
	.venv/bin/coverage report

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
	@if [ -x .venv/bin/python ]; then .venv/bin/python -m compose.clean; fi
	rm -rf .venv
