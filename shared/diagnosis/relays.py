"""Whether accepted work is published."""

from collections.abc import Iterator, Sequence

from shared.diagnosis.problem import Problem, Severity, counted, duration
from shared.store.presence import SILENT_SECONDS, RelayState
from shared.store.totals.system import OutboxState

#: How old what could be published may be: the relay takes a second, and minutes in a flood.
OUTBOX_SECONDS = 60.0


def relay_problems(relays: Sequence[RelayState], outbox: OutboxState) -> Iterator[Problem]:
    """Yield that no relay is alive, what each that is cannot do, and that work is left lying."""
    alive = [relay for relay in relays if relay.silent_seconds <= SILENT_SECONDS]
    if not alive:
        yield Problem(
            Severity.FAULT,
            "No relay is alive: what is accepted waits in PostgreSQL.",
            "Start one: `python -m gateway.relay`, in Docker Compose the service relay.",
        )
    for relay in alive:
        for lane, problem in relay.problems.items():
            yield Problem(
                Severity.FAULT,
                f"The relay on {relay.host} (pid {relay.pid}) cannot publish to the {lane} lane: "
                f"{problem}",
                "Accepted work is kept, and published as soon as that is mended.",
            )
    if outbox.depth and outbox.age_seconds > OUTBOX_SECONDS:
        yield Problem(
            Severity.WARNING,
            f"{counted(outbox.depth, 'calculation')} could be published, and the first has waited "
            f"for that for {duration(outbox.age_seconds)}.",
            "See the relay's log; start more relays if it is busy.",
        )
