"""The errors of requests for more than may be queued."""

from typing import Any

from gateway.http.problems import Problem
from shared import errors


def queue_limit_exceeded(error: errors.QueueLimitExceeded) -> Problem:
    """Return the problem of this error."""
    is_one = error.calculations == 1
    advice = "Submit a smaller calculation" if is_one else "Submit fewer calculations at once"
    setting = f"limits of the key {error.key_name}" if error.key_name else _setting_of(error.unit)
    return Problem(
        422,
        "exceeds-queue-limit",
        "More than may be queued",
        f"The request alone needs {_amount(error.needed, error.unit)}, and at most "
        f"{_amount(error.limit, error.unit)} may be queued. "
        f"{advice}, or ask the operator to raise the {setting}.",
        _numbers_of(error),
    )


def queue_full(error: errors.QueueFull) -> Problem:
    """Return the problem of this error."""
    return _refusal(
        error, 503, "queue-full", "Queue full", _use(error, "All unfinished calculations")
    )


def key_limit_reached(error: errors.KeyLimitReached) -> Problem:
    """Return the problem of this error."""
    if error.unit == "calculations":
        use = (
            f"The key {error.key_name} has {error.used:,.0f} unfinished calculations of at most "
            f"{error.limit:,.0f}, and the request adds {error.needed:,.0f}"
        )
    else:
        use = _use(error, f"The unfinished calculations of the key {error.key_name}")
    return _refusal(error, 429, "key-limit", "Limit of the key reached", use)


def _refusal(
    error: errors.AdmissionRefused, status: int, name: str, title: str, use: str
) -> Problem:
    return Problem(
        status,
        name,
        title,
        f"{use}; nothing of it was stored. Resubmit it in {error.retry_after_seconds} s.",
        _numbers_of(error),
        {"Retry-After": str(error.retry_after_seconds)},
    )


def _use(error: errors.AdmissionRefused, whose: str) -> str:
    return (
        f"{whose} need {_amount(error.used, error.unit)} of at most "
        f"{_amount(error.limit, error.unit)}, and the request {_amount(error.needed, error.unit)} "
        "more"
    )


def _numbers_of(error: errors.QueueLimitExceeded | errors.AdmissionRefused) -> dict[str, Any]:
    return {
        "unit": error.unit,
        "limit": _number(error.limit, error.unit),
        "used": _number(error.used, error.unit),
        "needed": _number(error.needed, error.unit),
    }


def _number(value: float, unit: str) -> float | int:
    return round(value, 3) if unit == "seconds" else int(value)


def _amount(value: float, unit: str) -> str:
    number = _number(value, unit)
    if unit == "calculations":
        return f"{number:,} calculations" if number != 1 else "1 calculation"
    return f"{number:,} {'s of computing' if unit == 'seconds' else 'bytes of results'}"


def _setting_of(unit: str) -> str:
    return f"setting RECKONER_MAX_QUEUED_{unit.upper()}"
