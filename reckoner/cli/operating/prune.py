"""`reckoner prune`: remove stored results, by age, size, function or what is to be kept."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from types import FrameType

import click
from sqlalchemy import Engine

from reckoner.cli.exit_status import CommandFailed, ExitStatus
from reckoner.cli.key.forms import duration_seconds, size_bytes
from reckoner.cli.key.options import Parsed
from reckoner.cli.operating.database import database
from reckoner.cli.operating.prune_text import (
    NOTHING_TO_DO,
    plan_members,
    plan_text,
    removed_text,
)
from reckoner.cli.output.forms import Form, form_option, write, write_document
from reckoner.cli.output.terminal import say
from shared.errors import CountingTooSlow
from shared.metrics.catalogue import DOCUMENTS_FORGOTTEN, RESULT_BYTES_PRUNED, RESULTS_PRUNED
from shared.metrics.counters import Counters
from shared.retention.counting import count_finished
from shared.retention.pace import Pace
from shared.retention.plan import Plan, make_plan
from shared.retention.removal import Removal
from shared.startup import load_settings_or_exit
from shared.store.metrics import add_to_retired
from shared.store.retention.candidates import Selection, find_cutoff
from shared.store.retention.removal import Removed
from shared.store.retention.state import measure_storage

_UNSTOPPABLE = Pace(time.sleep, lambda: False)

#: A selection ends before a moment, and a plan with its last one.
_MOMENT = timedelta(microseconds=1)


@click.command("prune")
@click.option(
    "--older-than",
    type=Parsed("duration", duration_seconds),
    metavar="30d",
    help="Results of calculations that finished longer ago.",
)
@click.option(
    "--larger-than", type=Parsed("size", size_bytes), metavar="1MB", help="Results of more bytes."
)
@click.option("--function", metavar="NAME", help="Results of this function.")
@click.option(
    "--keep-bytes",
    type=Parsed("size", size_bytes),
    metavar="50GB",
    help="The oldest results, until all that are stored have no more bytes than this.",
)
@click.option("--forget", is_flag=True, help="Remove the documents too, also of failed ones.")
@click.option("--dry-run", is_flag=True, help="Show what would be removed, and remove nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@form_option()
def command(
    older_than: int | None,
    larger_than: int | None,
    function: str | None,
    keep_bytes: int | None,
    forget: bool,
    dry_run: bool,
    yes: bool,
    form: Form,
) -> None:
    r"""Remove stored results, those that finished first before others.

    What is removed meets all the conditions that are given. It shows how much that is, and asks;
    without a terminal, --yes must be there. Documents stay, and their results are 410, until they
    are submitted again; with --forget both are gone. A result that finished in the last two
    minutes is never removed.

    It reads the settings of the service and works on its database, as the role reckoner_app. It
    may run beside the service, in small steps. Ctrl-C ends it after a step; run it again to go on.

    \b
    Examples:
      reckoner prune --older-than 30d --dry-run
      reckoner prune --larger-than 100MB --function mandelbrot
      reckoner prune --keep-bytes 50GB --yes
      reckoner prune --older-than 365d --forget
    """
    if all(one is None for one in (older_than, larger_than, function, keep_bytes)):
        raise click.UsageError(
            "Say which results: --older-than, --larger-than, --function or --keep-bytes."
        )
    is_asked = not (dry_run or yes)
    if is_asked and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError("There is no terminal to ask at. Add --yes to remove them.")
    with database(load_settings_or_exit(), "reckoner prune") as engine:
        selection = _select(engine, older_than or 0, larger_than, function, forget)
        excess = None if keep_bytes is None else _measure(engine) - keep_bytes
        plan = make_plan(engine, _UNSTOPPABLE, selection, excess)
        if form is Form.TEXT:
            write(plan_text(plan, forget=forget) if plan.total.documents else NOTHING_TO_DO)
        removed = Removed()
        if plan.total.documents and not dry_run:
            if is_asked:
                click.confirm("Remove them? This cannot be undone.", err=True, abort=True)
            with _stopped_by_interrupt() as pace:
                removed = _remove(engine, pace, selection, plan, excess)
                is_interrupted = pace.is_stopping()
            if form is Form.TEXT:
                write(removed_text(removed, forget=forget))
        else:
            is_interrupted = False
    if form is not Form.TEXT:
        write_document(
            {"plan": plan_members(plan), "removed": None if dry_run else removed._asdict()},
            form,
            str,
        )
    if is_interrupted:
        raise CommandFailed("Interrupted. Run it again to go on.", ExitStatus.INTERRUPTED)


def _select(
    engine: Engine,
    older_than_seconds: float,
    larger_than_bytes: int | None,
    function: str | None,
    forget: bool,
) -> Selection:
    """Count what has finished, and return what is old enough."""
    say("Counting what has finished since the last time …")
    try:
        count_finished(engine, _UNSTOPPABLE)
    except CountingTooSlow as error:
        raise CommandFailed(str(error), ExitStatus.FAILED) from error
    with engine.begin() as connection:
        until = find_cutoff(connection, older_than_seconds)
    assert until is not None  # it is counted
    return Selection(until, function, larger_than_bytes, forget)


def _measure(engine: Engine) -> int:
    with engine.begin() as connection:
        return measure_storage(connection).bytes


def _remove(
    engine: Engine, pace: Pace, selection: Selection, plan: Plan, excess: int | None
) -> Removed:
    """Remove what was planned.

    Meanwhile, others may have removed some of it, and what is younger must not go in its place.
    """
    done = Removed()
    if plan.total.last is not None:
        selection = replace(selection, until=plan.total.last + _MOMENT)
    is_part = excess is not None and plan.total.bytes >= excess

    def note(removed: Removed) -> None:
        nonlocal done
        done = done.plus(removed)

    try:
        Removal(engine, pace, note).remove(selection, plan.total.bytes if is_part else None)
    finally:
        _count(engine, done)
    return done


def _count(engine: Engine, removed: Removed) -> None:
    """Add to the metrics what a command has removed, which has no heartbeat."""
    counters = Counters()
    counters.add(RESULTS_PRUNED, amount=removed.results)
    counters.add(RESULT_BYTES_PRUNED, amount=removed.bytes)
    counters.add(DOCUMENTS_FORGOTTEN, amount=removed.documents)
    with engine.begin() as connection:
        add_to_retired(connection, counters)


@contextmanager
def _stopped_by_interrupt() -> Iterator[Pace]:
    """Yield a pace that Ctrl-C or SIGTERM stops after a step; a second one ends the command."""
    is_stopping = False
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal is_stopping
        is_stopping = True
        restore()

    for number in before:
        signal.signal(number, stop)
    try:
        yield Pace(time.sleep, lambda: is_stopping)
    finally:
        restore()
