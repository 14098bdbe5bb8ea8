"""All goals beside what was measured, met or not."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Figures = Mapping[str, Any]


@dataclass(frozen=True)
class Goal:
    """A goal, and where its figure is among the results; `is_least` or else at most."""

    what: str
    limit: float
    unit: str
    find: Callable[[Figures], float]
    is_least: bool = True

    def row(self, figures: Figures) -> str:
        """Return the row of the table."""
        bound = f"{'≥' if self.is_least else '≤'} {self.limit:,g}{self.unit}"
        try:
            value = self.find(figures)
        except KeyError:
            return f"| {self.what} | {bound} | not measured | no |"
        is_met = value >= self.limit if self.is_least else value <= self.limit
        return f"| {self.what} | {bound} | {_written(value)}{self.unit} | {_said(is_met)} |"


def _said(is_met: bool) -> str:
    return "yes" if is_met else "**no**"


def _written(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _lead(peer: str) -> Callable[[Figures], float]:
    return lambda figures: figures["throughput"]["reckoner_is_times"][peer]


def _of_a_function(name: str, figure: str) -> Callable[[Figures], float]:
    def find(figures: Figures) -> float:
        found = figures["functions"]["contenders"][name][figure]
        return float(found["median"] if figure == "per_second" else found)

    return find


def _faster(routine: str, n: int) -> Callable[[Figures], float]:
    return lambda figures: figures["calculation"]["faster_than"][routine][str(n)]


def _service(n: int) -> Callable[[Figures], float]:
    def ratio(figures: Figures) -> float:
        found = figures["calculation"]["service"][str(n)]
        stored = found["seconds"]["median"] - found["download_seconds"]["median"]
        return float(stored / found["bare_seconds"]["median"])

    return ratio


def _kept(what: str, name: str) -> Callable[[Figures], float]:
    return lambda figures: figures["growth"][what]["kept"][name]


def _peak_megabytes(figures: Figures) -> float:
    found = figures["requests"]["memory"]
    peaks = [peak for name, some in found.items() if name.startswith("peak_") for peak in some]
    return float(max(peaks) / 1e6)


GOALS = (
    Goal(
        "end to end, quick lane, submitted in batches, until stored and acknowledged",
        4_000,
        "/s",
        lambda f: f["throughput"]["contenders"]["reckoner"]["per_second"]["median"],
    ),
    Goal("… beside Celery on RabbitMQ and PostgreSQL", 3, " ×", _lead("celery_rabbitmq")),
    Goal("… beside Flask and Celery on Redis", 10, " ×", _lead("flask_celery")),
    Goal(
        "a function of 1 ms that returns 1 KB of JSON, quick lane, beside Celery on RabbitMQ, "
        "its result in PostgreSQL",
        3,
        " ×",
        _of_a_function("quick", "is_times_celery"),
    ),
    Goal(
        "… default lane, a process for each",
        200,
        "/s",
        _of_a_function("default", "per_second"),
    ),
    Goal(
        "single durable POST through NGINX, 256 connections",
        5_000,
        "/s",
        lambda f: f["requests"]["submissions"]["queued"]["per_second"]["median"],
    ),
    Goal(
        "look-up of a finished calculation, beside a file of the same bytes",
        0.8,
        " ×",
        lambda f: f["requests"]["look_ups"]["cached_to_file"],
    ),
    Goal(
        "… with an API key, beside a file that is requested with the same header",
        0.8,
        " ×",
        lambda f: f["requests"]["look_ups"]["cached_to_file_with_key"],
    ),
    Goal(
        "… beside Flask and Celery on Redis",
        25,
        " ×",
        lambda f: f["requests"]["look_ups"]["cached_to_flask"],
    ),
    Goal(
        "submit until result in hand, `Prefer: wait`, 50/s offered: p50",
        10,
        " ms",
        lambda f: f["latency"]["at_50_per_second"]["p50_ms"]["median"],
        is_least=False,
    ),
    Goal(
        "… p99",
        50,
        " ms",
        lambda f: f["latency"]["at_50_per_second"]["p99_ms"]["median"],
        is_least=False,
    ),
    Goal("fibonacci(10^8) in decimal, beside gmpy2", 2, " ×", _faster("gmpy2", 10**8)),
    Goal("… beside python-flint", 2, " ×", _faster("python-flint", 10**8)),
    Goal("fibonacci(10^9) in decimal, beside gmpy2", 4, " ×", _faster("gmpy2", 10**9)),
    Goal("… beside python-flint", 4, " ×", _faster("python-flint", 10**9)),
    Goal(
        "fibonacci(10^8) through the service, stored and verified, beside the bare computation",
        1.25,
        " ×",
        _service(10**8),
        is_least=False,
    ),
    Goal("… fibonacci(10^9)", 1.25, " ×", _service(10**9), is_least=False),
    Goal(
        "memory of a gateway process that serves 209 million digits",
        150,
        " MB",
        _peak_megabytes,
        is_least=False,
    ),
    Goal("1,000,000 queued: submission keeps", 0.8, " ×", _kept("queued", "submission")),
    Goal("… look-up keeps", 0.8, " ×", _kept("queued", "look-up")),
    Goal("10,000,000 stored: submission keeps", 0.8, " ×", _kept("stored", "submission")),
    Goal("… look-up keeps", 0.8, " ×", _kept("stored", "look-up")),
)


def table(figures: Figures) -> Iterator[str]:
    """Yield the lines of the table of goals."""
    yield "| what | goal | measured | met |"
    yield "|---|---|---|---|"
    for goal in GOALS:
        yield goal.row(figures)
