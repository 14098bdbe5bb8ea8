"""Waiting for one calculation, and what its ending means to a script."""

from typing import TYPE_CHECKING

from reckoner.cli.exit_status import CommandFailed, ExitStatus
from reckoner.cli.output.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from reckoner.client import Calculation, Client, Progress


def wait_until_final(
    client: "Client",
    calculation: "Calculation",
    timeout: float | None,
    on_progress: "Callable[[Progress], None] | None",
) -> "Calculation":
    """Return a calculation once it is final, however it ended. Raises the client's errors."""
    from reckoner.client import CalculationCancelled, CalculationFailed

    try:
        return client.wait(calculation, on_progress=on_progress, timeout=timeout)
    except (CalculationFailed, CalculationCancelled) as ended:
        return ended.calculation


def exit_if_unsuccessful(calculation: "Calculation") -> None:
    """Raise CommandFailed, with the reason, for one that failed or was cancelled."""
    if calculation.status == "failed":
        problem = calculation.error
        detail = "it does not say why" if problem is None else printable(problem.detail)
        raise CommandFailed(f"{calculation.id} failed: {detail}", ExitStatus.FAILED)
    if calculation.status == "cancelled":
        by = f" by {printable(calculation.cancelled_by)}" if calculation.cancelled_by else ""
        raise CommandFailed(
            f"{calculation.id} was cancelled{by}. Submit it again to calculate it.",
            ExitStatus.CANCELLED,
        )
