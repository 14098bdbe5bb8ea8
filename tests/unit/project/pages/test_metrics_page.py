"""docs/reference/metrics.md lists every metric, with what the catalogue says of it."""

import re
from pathlib import Path

from gateway.description.problems import PROBLEM_TYPES
from shared.failures import FAILURE_REASONS
from shared.metrics.catalogue import ALL, REQUESTS_REFUSED
from shared.metrics.metric import Source
from workers.sandbox.exit_reasons import NOT_STARTED, OUT_OF_MEMORY

PAGE = (Path(__file__).parents[4] / "docs/reference/metrics.md").read_text()

SOURCES = {
    Source.PROCESSES: "processes",
    Source.LARGEST: "processes, the largest",
    Source.DATABASE: "state",
}


def test_the_table_is_the_catalogue():
    rows = re.findall(
        r"^\| `(reckoner_\w+)` \| (.*?) \| ?(.*?) ?\| (.*?) \| (.*) \|$", PAGE, re.MULTILINE
    )
    assert rows == [
        (
            metric.name,
            str(metric.kind),
            ", ".join(f"`{label}`" for label in metric.labels),
            SOURCES[metric.source],
            metric.help,
        )
        for metric in ALL
    ]


def test_what_texts_call_a_problem_or_an_outcome_is_one():
    problems = {one.name for one in PROBLEM_TYPES.values()}
    hyphenated = {name for one in ALL for name in re.findall(r"\b[a-z]+(?:-[a-z]+)+\b", one.help)}
    assert hyphenated <= problems | FAILURE_REASONS | {NOT_STARTED, OUT_OF_MEMORY}
    assert set(re.findall(r"([a-z-]+):", REQUESTS_REFUSED.help)) <= problems
