"""The errors of requests for which a calculation has the wrong state, or is not there."""

from gateway.http.problems import Problem
from shared import errors
from shared.failures import PROBLEM_PREFIX


def calculation_not_found(error: errors.CalculationNotFound) -> Problem:
    """Return the problem of this error."""
    return Problem(
        404,
        "calculation-not-found",
        "Calculation not found",
        f"No calculation has the id {error.calculation_id!r:.80}. "
        "Check the id, or submit the calculation.",
    )


def calculation_final(error: errors.CalculationFinal) -> Problem:
    """Return the problem of this error."""
    return Problem(
        409,
        "already-final",
        "Calculation already final",
        f"The calculation can no longer be cancelled: its status is {error.status!r}. "
        "No action is needed.",
        {"calculation_status": error.status},
    )


def result_not_finished(error: errors.ResultNotFinished) -> Problem:
    """Return the problem of this error."""
    return Problem(
        409,
        "not-finished",
        "Calculation not finished",
        f"The calculation is {error.status}. Retry in {error.retry_after_seconds} s, "
        "or wait for it with Prefer: wait on the calculation.",
        {"calculation_status": error.status},
        {"Retry-After": str(error.retry_after_seconds)},
    )


def result_missing(error: errors.ResultMissing) -> Problem:
    """Return the problem of this error."""
    reason = error.reason or {}
    detail = reason.get("detail", "no reason was stored. Submit the calculation again.")
    return Problem(
        409,
        str(reason.get("type", "")).removeprefix(PROBLEM_PREFIX) or error.status,
        str(reason.get("title", f"Calculation {error.status}")),
        f"There is no result: {detail}",
        {
            "calculation_status": error.status,
            **{name: reason[name] for name in ("details",) if name in reason},
        },
    )


def result_pruned(error: errors.ResultPruned) -> Problem:  # noqa: ARG001
    """Return the problem of this error."""
    return Problem(
        410,
        "result-pruned",
        "Result removed",
        "The result was removed to free space, and the document was kept. "
        "Submit the calculation again to have it recomputed.",
    )


def result_corrupt(error: errors.ResultCorrupt) -> Problem:  # noqa: ARG001
    """Return the problem of this error."""
    return Problem(
        500,
        "result-corrupt",
        "Stored result damaged",
        "The stored bytes do not match their SHA-256 and are not served. "
        "Report the X-Request-ID of this response to the operator.",
    )
