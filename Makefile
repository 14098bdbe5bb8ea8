# The commands for development; each can also be typed without make.

LANE ?= heavy

# Three at a time, also on two processors: about a third of the time tests wait for something. Which go
# together is in tests/scheduling.py. They keep their order, so that the long ones come first, and all
# processes end at about the same time.
SIDE_BY_SIDE = -n 3 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help up logs worker check test documents screenshots mutants faults fuzz soak bench test-compose lint clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# exec, so that a signal that make passes on reaches the launcher itself.
up: ## Run Reckoner on this machine, at http://localhost:8080, until Ctrl-C
	@compose/bootstrap.sh up
	@exec .venv/bin/python -m compose.local

logs: ## Show the logs of `make up`, also while it runs: ARGUMENTS="--lines 50 relay heavy"
	@test -x .venv/bin/python || { echo "There are no logs yet. Start Reckoner first: make up" >&2; exit 1; }
	@exec .venv/bin/python -m compose.local.logs $(ARGUMENTS)

worker: ## Run another worker while `make up` runs: LANE=quick or LANE=heavy
	@test -r var/reckoner.env || { echo "Start Reckoner first: make up" >&2; exit 1; }
	@set -a; . var/reckoner.env; set +a; exec .venv/bin/python -m workers $(LANE)

check: lint ## Run the checks, the unit tests and the fast integration tests; for every save
	.venv/bin/python -m pytest $(SIDE_BY_SIDE) -m "not slow" tests/unit tests/integration

test: lint ## Check and test everything, against real services that it starts
	.venv/bin/coverage erase
	.venv/bin/python -m pytest $(SIDE_BY_SIDE) --cov --cov-report=
	.venv/bin/python -m pytest tests/faults -m short
	.venv/bin/coverage report

documents: ## Write the parts of the documents that are made from the code
	@compose/bootstrap.sh dev
	.venv/bin/python -m tests.documents

screenshots: ## Draw the pictures of the console in docs/pictures anew
	@compose/bootstrap.sh dev
	.venv/bin/python -m pytest tests/browser/console/test_pictures.py --write-pictures

mutants: ## Put small faults into copies of the product, which the tests must notice (SAMPLE=60 SEED=…)
	@compose/bootstrap.sh mutants
	.venv/bin/python -m tests.mutants --sample $(or $(SAMPLE),60) $(if $(SEED),--seed $(SEED)) --write-table

faults: ## Break everything that can break, and update the table in docs/explanation/reliability.md
	@compose/bootstrap.sh dev
	.venv/bin/python -m pytest tests/faults --write-table

fuzz: ## Send what the API's description allows, and does not, for SECONDS=600 with SEED=…
	@compose/bootstrap.sh dev
	FUZZ_SECONDS=$(SECONDS) FUZZ_SEED=$(SEED) .venv/bin/python -m pytest tests/e2e/description/fuzz.py

soak: ## Break things at random for SECONDS=1200 with SEED=…, then check all results
	@compose/bootstrap.sh dev
	SOAK_SECONDS=$(or $(SECONDS),1200) SOAK_SEED=$(SEED) .venv/bin/python -m pytest tests/faults/soak.py

bench: ## Measure Reckoner and its peers, and update docs/benchmarks.md (about 25 minutes)
	@compose/bootstrap.sh bench
	.venv/bin/python -m tests.benchmarks $(ARGUMENTS)

test-compose: ## Test the deployment by Docker Compose; needs Docker and the images
	@compose/bootstrap.sh dev
	.venv/bin/python -m pytest tests/compose

lint: ## Check style, types and the imports between packages
	@compose/bootstrap.sh dev
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports

clean: ## Delete .venv and var, including the database
	@if [ -x .venv/bin/python ]; then .venv/bin/python -m compose.local.clean; fi
	rm -rf .venv
