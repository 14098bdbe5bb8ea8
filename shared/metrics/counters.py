"""What one process counts, in memory."""

import json
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from threading import Lock

from shared.metrics.metric import Kind, Metric

#: Numbers by the name of the series, then by the values of its labels as a list in JSON. The series
#: of a histogram are `…_bucket`, with the upper bound as its last label, and `…_sum`. In contrast
#: to Prometheus' own, a bucket has what is above the bound before it: most are 0, and left out.
Totals = Mapping[str, Mapping[str, float]]

#: The upper bound of the last bucket, as Prometheus writes it.
UNLIMITED = "+Inf"

_Labels = tuple[str, ...]


class Counters:
    """Counts events, sorts values into buckets, and notes gauges. Threads may share it.

    One is made for each process, by what starts it. The labels of a metric are given in the order
    in which the catalogue names them. What `add` and `observe` cost: docs/decisions.md.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: dict[tuple[Metric, _Labels], float] = {}
        #: The sum, then the count of each bucket.
        self._histograms: dict[tuple[Metric, _Labels], list[float]] = {}
        self._gauges: dict[tuple[Metric, _Labels], float] = {}

    def add(self, metric: Metric, *labels: str, amount: float = 1) -> None:
        """Add to a counter."""
        key = (metric, labels)
        with self._lock:
            self._counts[key] = self._counts.get(key, 0) + amount

    def observe(self, metric: Metric, value: float, *labels: str) -> None:
        """Add a value to a histogram."""
        self.observe_all(metric, (value,), *labels)

    def observe_all(self, metric: Metric, values: Collection[float], *labels: str) -> None:
        """Add several values with the same labels to a histogram."""
        key, bounds = (metric, labels), metric.buckets
        with self._lock:
            sums = self._histograms.get(key)
            if sums is None:
                sums = self._histograms[key] = [0] * (len(bounds) + 2)
            for value in values:
                sums[0] += value
                sums[1 + bisect_left(bounds, value)] += 1

    def set_gauge(self, metric: Metric, value: float, *labels: str) -> None:
        """Note how much there is of something now."""
        self._gauges[metric, labels] = value

    def totals(self) -> Totals:
        """Return what counters and histograms have counted since the process started."""
        with self._lock:
            counts = list(self._counts.items())
            histograms = [(key, list(sums)) for key, sums in self._histograms.items()]
        found: dict[str, dict[str, float]] = {}
        for (metric, labels), count in counts:
            found.setdefault(metric.name, {})[label_text(labels)] = count
        for (metric, labels), (total, *buckets) in histograms:
            found.setdefault(f"{metric.name}_sum", {})[label_text(labels)] = total
            series = found.setdefault(f"{metric.name}_bucket", {})
            bounds = [*map(bound_text, metric.buckets), UNLIMITED]
            for bound, count in zip(bounds, buckets, strict=True):
                if count:
                    series[label_text((*labels, bound))] = count
        return found

    def gauges(self) -> Totals:
        """Return the gauges as they were set last."""
        found: dict[str, dict[str, float]] = {}
        for (metric, labels), value in list(self._gauges.items()):
            found.setdefault(metric.name, {})[label_text(labels)] = value
        return found


def label_text(labels: Iterable[str]) -> str:
    """Return the values of labels as they are stored."""
    return json.dumps(list(labels), separators=(",", ":"))


def labels_of(text: str) -> _Labels:
    """Return the values of labels from how they are stored."""
    return tuple(json.loads(text))


def bound_text(bound: float) -> str:
    """Return an upper bound as Prometheus writes it."""
    return repr(float(bound))


def series_names(metric: Metric) -> tuple[str, ...]:
    """Return the names under which a metric is stored."""
    if metric.kind is Kind.HISTOGRAM:
        return f"{metric.name}_bucket", f"{metric.name}_sum"
    return (metric.name,)


def since(totals: Totals, base: Totals) -> Totals:
    """Return what was counted after `base`, which was counted before by the same process."""
    nothing: Mapping[str, float] = {}
    return {
        name: {
            labels: count - before
            for labels, count in series.items()
            if count > (before := base.get(name, nothing).get(labels, 0))
        }
        for name, series in totals.items()
    }
