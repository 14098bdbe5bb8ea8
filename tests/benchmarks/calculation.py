"""Suite 4: F(n) in decimal, from 10^2 to 10^9, beside other routines and through the service."""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from tests.benchmarks import through_service
from tests.benchmarks.alone import LIMIT_SECONDS, alone
from tests.benchmarks.fibonacci_routines import ROUTINES
from tests.benchmarks.figures import Effort, spread
from tests.benchmarks.servers import Servers

SIZES = tuple(10**power for power in range(2, 10))
LARGEST_IN_A_LOOK = 10**7

# The recursion takes φ^n steps.
RECURSION = "recursion"
SIZES_OF_RECURSION = (10, 20, 30)
_RIVALS_OF_RECURSION = ("reckoner", "gmpy2", RECURSION)

# Where large numbers begin: they are measured less often, and the exponent is fitted from there.
_LARGE = 10**5
_RUNS_OF_LARGEST = {10**8: 2, 10**9: 1}

# What takes longer is measured once: a few per cent of it do not matter.
_SECONDS_OF_REPEATED = 30.0

_REFERENCES = ("gmpy2", "python-flint")


def run(servers: Servers, effort: Effort) -> dict[str, Any]:
    """Measure the routines alone, one at a time, and then the service."""
    sizes = [n for n in SIZES if effort.scale >= 1 or n <= LARGEST_IN_A_LOOK]
    names = [name for name in ROUTINES if name != RECURSION]
    computed = _compare(names, sizes, effort)
    recursion = _compare(_RIVALS_OF_RECURSION, SIZES_OF_RECURSION, effort)
    return {
        "limit_seconds": LIMIT_SECONDS,
        "sizes": sizes,
        "computed": computed,
        "recursion": recursion,
        "faster_than": _faster_than(computed),
        "exponents": {name: _exponent(found) for name, found in computed.items()},
        "service": through_service.measure(servers, {n: _runs(n, effort) for n in sizes}),
    }


def _runs(n: int, effort: Effort) -> int:
    return min(effort.rounds, _RUNS_OF_LARGEST.get(n, effort.rounds))


def _compare(
    names: Sequence[str], sizes: Sequence[int], effort: Effort
) -> dict[str, dict[str, Any]]:
    """Measure each routine at each size, the routines in turn; {name: {n: figures}}."""
    results: dict[str, dict[str, Any]] = {name: {} for name in names}
    for n in sizes:
        able = [name for name in names if _is_able(results[name].get(str(n // 10)))]
        runs: dict[str, list[dict[str, Any] | None]] = {name: [] for name in able}
        for _ in range(_runs(n, effort)):
            for name in able:
                if all(_is_worth_repeating(run) for run in runs[name]):
                    runs[name].append(alone(name, n))
        _check_equal(n, runs)
        for name in names:
            results[name][str(n)] = _figures(runs.get(name))
            print(f"fibonacci({n:,}) {name}: {_told(results[name][str(n)])}", flush=True)
    return results


def _is_worth_repeating(run: Mapping[str, Any] | None) -> bool:
    return run is not None and run["seconds"][-1] < _SECONDS_OF_REPEATED


def _is_able(tenth: Mapping[str, Any] | None) -> bool:
    """Return whether a routine can keep to the limit, by what a tenth of n took: the cost grows."""
    if tenth is None:
        return True
    return "seconds" in tenth and 10 * tenth["seconds"]["median"] < LIMIT_SECONDS


def _check_equal(n: int, runs: Mapping[str, Sequence[Mapping[str, Any] | None]]) -> None:
    """Raise unless all have computed the same digits."""
    checksums = {run["sha256"] for found in runs.values() for run in found if run}
    if len(checksums) > 1:
        raise RuntimeError(f"They do not agree on F({n}).")


def _figures(runs: Sequence[Mapping[str, Any] | None] | None) -> dict[str, Any]:
    """Sum up one routine at one size: the spread of the processes' medians, and the best call."""
    if runs is None:
        return {"expected_over_seconds": LIMIT_SECONDS}
    ended = [run for run in runs if run]
    if len(ended) < len(runs):
        return {"over_seconds": LIMIT_SECONDS}
    return {
        "seconds": spread([statistics.median(run["seconds"]) for run in ended]),
        "best_seconds": min(min(run["seconds"]) for run in ended),
        "calls": sum(len(run["seconds"]) for run in ended),
        "peak_bytes": spread([run["peak_bytes"] for run in ended]),
        "digits": ended[0]["digits"],
    }


def _told(figures: Mapping[str, Any]) -> str:
    if "seconds" not in figures:
        return f"over {LIMIT_SECONDS:.0f} s"
    peak_mb = figures["peak_bytes"]["median"] / 1e6
    return f"{figures['seconds']['median']:.4g} s, {peak_mb:,.0f} MB"


def _faster_than(computed: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Divide the medians of the routines that are the measure by Reckoner's; {name: {n: ratio}}."""
    ours = computed["reckoner"]
    return {
        name: {
            n: found["seconds"]["median"] / ours[n]["seconds"]["median"]
            for n, found in computed[name].items()
            if "seconds" in found and "seconds" in ours[n]
        }
        for name in _REFERENCES
    }


def _exponent(found: Mapping[str, Mapping[str, Any]]) -> float | None:
    """Fit e in seconds = c·n^e by least squares of the logarithms, for the large n."""
    points = [
        (math.log(int(n)), math.log(figures["seconds"]["median"]))
        for n, figures in found.items()
        if int(n) >= _LARGE and "seconds" in figures
    ]
    if len(points) < 2:
        return None
    return statistics.linear_regression(*zip(*points, strict=True)).slope
