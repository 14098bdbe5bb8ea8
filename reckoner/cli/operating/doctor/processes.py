"""Relays and workers: whether they are alive, of one version, and have all functions."""

from collections.abc import Iterator

from reckoner.cli.operating.doctor.findings import Finding, found, ok, warning
from reckoner.cli.operating.doctor.running import Installation
from shared.calculation import Lane
from shared.diagnosis.functions import function_problems
from shared.diagnosis.relays import relay_problems
from shared.diagnosis.workers import worker_problems
from shared.functions.offers import offers_of
from shared.functions.registry import load_registry
from shared.messages import VERSION
from shared.store.presence import (
    SILENT_SECONDS,
    find_oldest_message_version,
    list_relays,
    list_workers,
)
from shared.store.totals.system import count_lanes, measure_outbox


def check_relays(installation: Installation) -> Iterator[Finding]:
    """Find whether a relay is alive and publishes."""
    with installation.engine.connect() as connection:
        relays = [one for one in list_relays(connection) if one.silent_seconds <= SILENT_SECONDS]
        outbox = measure_outbox(connection)
    if relays:
        yield ok(f"{len(relays)} relay(s) are alive.")
    yield from map(found, relay_problems(relays, outbox))


def check_workers(installation: Installation) -> Iterator[Finding]:
    """Find whether each lane has workers, with every function, that take the newest messages."""
    with installation.engine.connect() as connection:
        workers = list_workers(connection, SILENT_SECONDS)
        states = count_lanes(connection)
        versions = {lane: find_oldest_message_version(connection, lane) for lane in Lane}
    installed = offers_of(load_registry())
    for lane in Lane:
        there = [one for one in workers if one.lane == lane]
        if there:
            slots = sum(one.slots for one in there)
            yield ok(f"{len(there)} {lane} worker(s) are alive, with {slots} slot(s).")
        waiting = states[lane].queued
        yield from map(
            found, worker_problems(lane, workers, waiting, installed, where="this machine")
        )
        oldest = versions[lane]
        if oldest is not None and oldest < VERSION:
            yield warning(
                f"Workers of the {lane} lane are of an earlier version: they take messages of "
                f"version {oldest}, and not {VERSION}.",
                "Finish the upgrade, or end the workers that were left behind.",
            )


def check_functions(_installation: Installation) -> Iterator[Finding]:
    """Find functions of this machine that cannot be used."""
    registry = load_registry()
    yield ok(f"{len(offers_of(registry))} function(s) are installed on this machine.")
    yield from map(found, function_problems(registry.problems))
