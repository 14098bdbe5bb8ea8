"""`make bench`: run the suites, and write docs/benchmarks.md with its plots and figures.

python -m tests.benchmarks                  all, as published; 40 minutes on two cores
python -m tests.benchmarks --short          a tenth of the work, to check that everything runs
python -m tests.benchmarks --only requests  one suite again, into the figures of the others
python -m tests.benchmarks --report         only write the page from existing figures
"""

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

from tests.benchmarks import (
    calculation,
    functions,
    growth,
    latency,
    limits,
    report,
    requests,
    throughput,
)
from tests.benchmarks.figures import SHORT, WHOLE, Effort, machine
from tests.benchmarks.servers import Servers, started

_SUITES: dict[str, Callable[[Servers, Effort], dict[str, Any]]] = {
    "throughput": throughput.run,
    "functions": functions.run,
    "limits": limits.run,
    "requests": requests.run,
    "latency": latency.run,
    "calculation": calculation.run,
    "growth": growth.run,
}


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--only", action="append", choices=_SUITES)
    parser.add_argument("--report", action="store_true")
    options = parser.parse_args()
    folder = report.SHORT_RUN if options.short else report.PUBLISHED
    figures = report.read(folder)
    if not options.report:
        effort = SHORT if options.short else WHOLE
        for name in options.only or _SUITES:
            figures[name] = _run(name, effort)
            report.save(folder, figures)
    for page in report.write(folder, figures):
        print(page)


def _run(name: str, effort: Effort) -> dict[str, Any]:
    print(f"{name}:", flush=True)
    began = time.monotonic()
    described = machine()
    with started() as servers:
        found = _SUITES[name](servers, effort)
    described["minutes"] = round((time.monotonic() - began) / 60, 1)
    # As it will be read again.
    measured: dict[str, Any] = json.loads(json.dumps({**found, "machine": described}))
    return measured


if __name__ == "__main__":
    main()
