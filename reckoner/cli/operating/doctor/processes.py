"""Relays and workers: whether they are alive, of one version, and have all functions."""

from collections.abc import Iterator, Sequence

from reckoner.cli.operating.doctor.findings import Finding, fault, ok, warning
from reckoner.cli.operating.doctor.running import Installation
from shared.calculation import Lane
from shared.functions.offers import offers_of
from shared.functions.registry import load_registry
from shared.messages import VERSION
from shared.store.presence import (
    SILENT_SECONDS,
    WorkerState,
    find_oldest_message_version,
    list_relays,
    list_workers,
)
from shared.store.totals.system import count_lanes, measure_outbox

#: How old what could be published may be: the relay takes a second, and minutes in a flood.
_OUTBOX_SECONDS = 60.0


def check_relays(installation: Installation) -> Iterator[Finding]:
    """Find whether a relay is alive and publishes."""
    with installation.engine.connect() as connection:
        relays = [one for one in list_relays(connection) if one.silent_seconds <= SILENT_SECONDS]
        outbox = measure_outbox(connection)
    if not relays:
        yield fault(
            "No relay is alive: what is accepted waits in PostgreSQL.",
            "Start one: `python -m gateway.relay`, in Docker Compose the service relay.",
        )
    else:
        yield ok(f"{len(relays)} relay(s) are alive.")
    for relay in relays:
        for lane, problem in relay.problems.items():
            yield fault(
                f"The relay on {relay.host} (pid {relay.pid}) cannot publish to the {lane} lane: "
                f"{problem}",
                "Then run this again.",
            )
    if outbox.depth and outbox.age_seconds > _OUTBOX_SECONDS:
        yield warning(
            f"{outbox.depth} calculation(s) could be published, for up to "
            f"{outbox.age_seconds:.0f} s.",
            "See the relay's log; start more relays if it is busy.",
        )


def check_workers(installation: Installation) -> Iterator[Finding]:
    """Find whether each lane has workers, with every function, that take the newest messages."""
    with installation.engine.connect() as connection:
        workers = list_workers(connection, SILENT_SECONDS)
        states = count_lanes(connection)
        versions = {lane: find_oldest_message_version(connection, lane) for lane in Lane}
    installed = offers_of(load_registry())
    for lane in Lane:
        there = [one for one in workers if one.lane == lane]
        if not there:
            yield fault(
                f"No {lane} worker is alive; {states[lane].queued} calculation(s) wait for one.",
                f"Start one: `python -m workers {lane}`, in Docker Compose the service {lane}.",
            )
            continue
        slots = sum(one.slots for one in there)
        yield ok(f"{len(there)} {lane} worker(s) are alive, with {slots} slot(s).")
        yield from _offers(lane, there, installed)
        oldest = versions[lane]
        if oldest is not None and oldest < VERSION:
            yield warning(
                f"Workers of the {lane} lane are of an earlier version: they take messages of "
                f"version {oldest}, and not {VERSION}.",
                "Finish the upgrade, or end the workers that were left behind.",
            )


def _offers(
    lane: Lane, workers: Sequence[WorkerState], installed: frozenset[str]
) -> Iterator[Finding]:
    known = [frozenset(one.offers) for one in workers if one.offers is not None]
    if not known:
        return
    everywhere, somewhere = frozenset.intersection(*known), frozenset.union(*known)
    if missing := installed - somewhere:
        yield fault(
            f"No {lane} worker has {', '.join(sorted(missing))}, which this machine has.",
            "Install the same packages where the workers run, and start them again.",
        )
    if partly := somewhere - everywhere:
        yield warning(
            f"Not every {lane} worker has {', '.join(sorted(partly))}.",
            "Install the same packages on all hosts: the others hand such work back.",
        )


def check_functions(_installation: Installation) -> Iterator[Finding]:
    """Find functions of this machine that cannot be used."""
    registry = load_registry()
    yield ok(f"{len(offers_of(registry))} function(s) are installed on this machine.")
    for problem in registry.problems:
        yield fault(
            f"The function {problem.entry_point} of the package {problem.package} cannot be used. "
            f"{problem.detail}",
            "Correct or remove the package.",
        )
