"""docs/metrics.md lists every metric, with what the catalogue says of it."""

import re
from pathlib import Path

from shared.metrics.catalogue import ALL
from shared.metrics.metric import Source

PAGE = (Path(__file__).parents[3] / "docs/metrics.md").read_text()

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
