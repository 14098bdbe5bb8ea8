"""What `reckoner prune` says: its plan, and what it has removed."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from reckoner.cli.output.quantities import bytes_text, moment_text
from shared.retention.plan import Amount, Plan
from shared.store.retention.removal import Removed

#: Who has just filled the disk wonders why nothing is found.
NOTHING_TO_DO = "Nothing to do. What finished in the last two minutes is never removed.\n"


def plan_text(plan: Plan, *, forget: bool) -> str:
    """Return the plan for people, a line for each function after that of all."""
    return "".join(_plan_lines(plan, forget))


def _plan_lines(plan: Plan, forget: bool) -> Iterator[str]:
    yield f"To remove: {_amount(plan.total, forget)}\n"
    if len(plan.by_function) > 1:
        for name, amount in sorted(plan.by_function.items()):
            yield f"  {name}: {_amount(amount, forget)}\n"
    else:
        yield from (f"  all of {name}\n" for name in plan.by_function)


def _amount(amount: Amount, forget: bool) -> str:
    words = f"{_count(amount.results, 'result')}, {bytes_text(amount.bytes)}"
    if forget:
        words += f", and all {_count(amount.documents, 'document')}"
    if amount.first is not None and amount.last is not None:
        words += f", finished from {_moment(amount.first)} to {_moment(amount.last)}"
    return words


def removed_text(removed: Removed, *, forget: bool) -> str:
    """Return what was removed, for people."""
    documents = f", and {_count(removed.documents, 'document')}" if forget else ""
    return f"Removed {_count(removed.results, 'result')}, {bytes_text(removed.bytes)}{documents}.\n"


def plan_members(plan: Plan) -> dict[str, Any]:
    """Return the plan for programs."""
    functions = {name: _members(amount) for name, amount in sorted(plan.by_function.items())}
    return {**_members(plan.total), "functions": functions}


def _members(amount: Amount) -> dict[str, Any]:
    return {
        "results": amount.results,
        "bytes": amount.bytes,
        "documents": amount.documents,
        "first_finished_at": amount.first and amount.first.isoformat(),
        "last_finished_at": amount.last and amount.last.isoformat(),
    }


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _moment(moment: datetime) -> str:
    return moment_text(moment.isoformat())
