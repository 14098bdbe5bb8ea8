"""Percentiles of values of which only the counts in buckets are known."""

from collections.abc import Sequence


def percentile(share: float, counts: Sequence[int], bounds: Sequence[float]) -> float | None:
    """Return the value that this share of the values does not exceed; None without values.

    `counts` has one more than `bounds`, for the bucket without one. Within a bucket the values
    count as spread evenly, as Prometheus' histogram_quantile has it, so the result is exact to the
    width of its bucket alone; in the one without a bound, it is the last bound.
    """
    total = sum(counts)
    if not total:
        return None
    rank, before = share * total, 0
    for index, count in enumerate(counts[:-1]):
        if count and before + count >= rank:
            lower = bounds[index - 1] if index else 0.0
            return lower + (bounds[index] - lower) * (rank - before) / count
        before += count
    return bounds[-1]
