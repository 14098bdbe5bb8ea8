"""What a benchmark measures, and what all of them share: spread, percentiles, effort, machine."""

import os
import platform
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Effort:
    """How long to measure: each run `seconds`, each contender `rounds` times.

    `scale` multiplies the amounts of work; 1 is the whole, less is to check that everything works.
    """

    rounds: int
    seconds: float
    scale: float

    def count(self, whole: int) -> int:
        """Return the share of an amount."""
        return max(1, round(whole * self.scale))


WHOLE = Effort(rounds=3, seconds=4.0, scale=1.0)
SHORT = Effort(rounds=1, seconds=2.0, scale=0.1)


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Return median, least and most, and all of the values."""
    return {
        "median": statistics.median(values),
        "min": min(values),
        "max": max(values),
        "values": list(values),
    }


def interleaved(
    contenders: Mapping[str, Callable[[], float]], rounds: int
) -> dict[str, dict[str, Any]]:
    """Run all in turn, `rounds` times, and return the spread of each."""
    values: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            values[name].append(run())
    return {name: spread(found) for name, found in values.items()}


def machine() -> dict[str, Any]:
    """Describe the machine that absolute figures are from."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": memory,
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_before": os.getloadavg()[0],
    }
