"""What counters have counted, for tests to compare."""

from shared.metrics.counters import Counters, labels_of
from shared.metrics.metric import Metric


def counted(counters: Counters, metric: Metric) -> dict[tuple[str, ...], float]:
    """Return a counter by the values of its labels; of a histogram, how many values it has."""
    totals = counters.totals()
    found: dict[tuple[str, ...], float] = {}
    for text, count in totals.get(metric.name, {}).items():
        found[labels_of(text)] = count
    for text, count in totals.get(f"{metric.name}_bucket", {}).items():
        labels = labels_of(text)[:-1]
        found[labels] = found.get(labels, 0) + count
    return found
