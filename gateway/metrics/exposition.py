"""Writes metrics in Prometheus' text format, by prometheus_client.

Its own registry and its own counters are not used: they know this process alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from gateway.metrics.states import States
from shared.metrics.catalogue import ALL, PROCESSES
from shared.metrics.counters import UNLIMITED, bound_text, labels_of, series_names
from shared.metrics.metric import Kind, Metric, Source
from shared.store.metrics import Gauge, Reading

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4

_Labels = tuple[str, ...]
_Series = Mapping[_Labels, float]

_Number = TypeVar("_Number")

NOTHING_READ = Reading({}, {}, {})


def write_exposition(reading: Reading, states: States) -> bytes:
    """Return the text. What is neither in the reading nor in the states is left out."""
    registry = CollectorRegistry()
    registry.register(_Families(reading, states))
    return generate_latest(registry)


class _Families(Collector):
    """What generate_latest asks for."""

    def __init__(self, reading: Reading, states: States) -> None:
        self._reading = reading
        self._states = {**states}
        self._is_read = reading is not NOTHING_READ
        if self._is_read:
            self._states[PROCESSES] = {(kind,): n for kind, n in reading.processes.items()}

    def describe(self) -> Iterable[Family]:
        """Return nothing: a registry that asks for names here would not ask for numbers."""
        return []

    def collect(self) -> Iterator[Family]:
        """Yield each metric of the catalogue that has numbers."""
        for metric in ALL:
            family = self._family(metric)
            if family is not None and family.samples:
                yield family

    def _family(self, metric: Metric) -> Family | None:
        if metric.kind is Kind.HISTOGRAM:
            return _histogram(metric, self._reading)
        make = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
        family = make(metric.name, metric.help, labels=metric.labels)
        for labels, value in sorted(self._series(metric).items()):
            family.add_metric(labels, value)
        return family

    def _series(self, metric: Metric) -> _Series:
        if metric.source is Source.DATABASE:
            return self._states.get(metric, {})
        if metric.kind is Kind.COUNTER:
            return self._counts(metric)
        gauges = self._reading.gauges.get(metric.name, {})
        found = _of_known_labels(gauges, len(metric.labels))
        return {labels: _value(metric, gauge) for labels, gauge in found.items()}

    def _counts(self, metric: Metric) -> _Series:
        series = self._reading.counters.get(metric.name, {})
        found = _of_known_labels(series, len(metric.labels))
        if not found and not metric.labels and self._is_read:
            return {(): 0.0}  # there from the beginning, so that its first increase shows
        return {labels: float(count) for labels, count in found.items()}


def _value(metric: Metric, gauge: Gauge) -> float:
    return float(gauge.largest if metric.source is Source.LARGEST else gauge.sum)


def _of_known_labels(series: Mapping[str, _Number], count: int) -> dict[_Labels, _Number]:
    """Return series by the values of labels, without those of other versions with other labels."""
    by_labels = ((labels_of(text), number) for text, number in series.items())
    return {labels: number for labels, number in by_labels if len(labels) == count}


def _histogram(metric: Metric, reading: Reading) -> Family:
    """Return a histogram. Buckets of another version count in the next that this one knows."""
    family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    bucket_name, sum_name = series_names(metric)
    counts: dict[_Labels, dict[float, float]] = defaultdict(dict)
    found = _of_known_labels(reading.counters.get(bucket_name, {}), len(metric.labels) + 1)
    for labels_and_bound, count in found.items():
        of_bound = counts[labels_and_bound[:-1]]
        bound = float(labels_and_bound[-1])
        known = next((one for one in metric.buckets if one >= bound), float("inf"))
        of_bound[known] = of_bound.get(known, 0.0) + float(count)
    sums = _of_known_labels(reading.counters.get(sum_name, {}), len(metric.labels))
    for labels, of_bound in sorted(counts.items()):
        family.add_metric(
            labels, _cumulative(metric, of_bound), sum_value=float(sums.get(labels, 0))
        )
    return family


def _cumulative(metric: Metric, counts: Mapping[float, float]) -> list[tuple[str, float]]:
    total = 0.0
    buckets = []
    for bound in (*metric.buckets, float("inf")):
        total += counts.get(bound, 0.0)
        buckets.append((UNLIMITED if bound == float("inf") else bound_text(bound), total))
    return buckets
