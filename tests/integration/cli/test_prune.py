"""`reckoner prune`: what it plans, asks, removes, says, and how it ends."""

import io
import json
import os
import signal
import subprocess
import sys

import click
import pytest
from sqlalchemy import make_url, text

from compose.services.credentials import APP, KEYS
from reckoner.cli.exit_status import CommandFailed, ExitStatus
from reckoner.cli.operating.prune import command
from shared.metrics.catalogue import DOCUMENTS_FORGOTTEN, RESULT_BYTES_PRUNED, RESULTS_PRUNED
from shared.retention.removal import Removal
from shared.store.metrics import read_metrics
from tests.integration.retention.finished import (
    DAY,
    HOUR,
    count_rows,
    finish,
    present,
    pruned,
    remove,
    sums,
    truth,
)


class Answers(io.StringIO):
    """What a person types at a terminal."""

    def isatty(self):
        return True


class Prune:
    """The command, in this process."""

    def __init__(self, monkeypatch, capsys, url_of):
        self._monkeypatch, self._capsys, self._url_of = monkeypatch, capsys, url_of
        self.out = self.err = ""

    def __call__(self, *arguments, user=APP, answer=None):
        """Run it with these arguments; return what it writes to standard output."""
        self._monkeypatch.setenv("RECKONER_DATABASE_URL", self._url_of(user))
        if answer is not None:
            self._monkeypatch.setattr(sys, "stdin", Answers(answer))
            self._monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
        try:
            command.main(args=list(arguments), prog_name="prune", standalone_mode=False)
        finally:
            self.out, self.err = self._capsys.readouterr()
        return self.out


@pytest.fixture
def prune(monkeypatch, postgres, database_url, capsys):
    name = make_url(database_url).database
    return Prune(monkeypatch, capsys, lambda user: postgres.url_of(name, user))


def test_a_dry_run_shows_the_plan_and_removes_nothing(engine, prune):
    ids = [
        *finish(engine, 2, age_seconds=3 * DAY, size=100),
        *finish(engine, 3, age_seconds=2 * DAY, size=100, function="factorial"),
        *finish(engine, age_seconds=HOUR, size=100),
    ]
    shown = prune("--older-than", "1d", "--dry-run")
    assert "To remove: 5 results, 500 bytes, finished from " in shown
    assert "  factorial: 3 results, 300 bytes" in shown
    assert "  fibonacci: 2 results, 200 bytes" in shown
    assert pruned(engine, ids) == [False] * 6
    plan = json.loads(prune("--older-than", "1d", "--dry-run", "-o", "json"))
    assert plan["removed"] is None
    assert plan["plan"]["bytes"] == 500
    assert plan["plan"]["functions"]["factorial"]["results"] == 3
    first, last = plan["plan"]["first_finished_at"], plan["plan"]["last_finished_at"]
    assert first < last


CASES = {
    "--older-than 3d": [0],
    "--larger-than 150B": [1, 3],
    "--function factorial": [2],
    "--keep-bytes 500": [0, 1],
    "--keep-bytes 1MB": [],
    "--larger-than 150B --keep-bytes 600": [1],
    "--older-than 36h --larger-than 150B": [1],
}


@pytest.mark.parametrize(("arguments", "gone"), CASES.items())
def test_all_conditions_hold_of_what_is_removed(engine, prune, arguments, gone):
    ids = [
        *finish(engine, age_seconds=4 * DAY, size=100),
        *finish(engine, age_seconds=2 * DAY, size=200),
        *finish(engine, age_seconds=1.5 * DAY - 60, size=100, function="factorial"),
        *finish(engine, age_seconds=DAY, size=200),
        *finish(engine, age_seconds=HOUR, size=100),
    ]
    done = json.loads(prune(*arguments.split(), "--yes", "-o", "json"))
    assert pruned(engine, ids) == [place in gone for place in range(5)]
    assert done["removed"]["results"] == done["plan"]["results"] == len(gone)
    assert done["removed"]["bytes"] == done["plan"]["bytes"]
    assert sums(engine) == truth(engine)


def test_it_asks_at_a_terminal_and_removes_what_it_has_shown(engine, prune):
    ids = finish(engine, 2)
    with pytest.raises(click.Abort):
        prune("--older-than", "1h", answer="n\n")
    assert pruned(engine, ids) == [False, False]
    assert "To remove: 2 results" in prune.out
    assert "Removed 2 results, 20 bytes." in prune("--older-than", "1h", answer="y\n")
    assert "cannot be undone" in prune.err
    assert "Nothing to do. What finished in the last two minutes" in prune(
        "--older-than", "1h", answer=""
    )


def test_with_forget_the_documents_go_too(engine, prune):
    ids = [*finish(engine, 2), *finish(engine, status="failed")]
    shown = prune("--older-than", "1h", "--forget", "--yes")
    assert "2 results, 20 bytes, and all 3 documents" in shown
    assert "Removed 2 results, 20 bytes, and 3 documents." in shown
    assert not any(present(engine, ids))


def test_what_it_removes_is_counted_in_the_metrics(engine, prune):
    finish(engine, 2)
    finish(engine, status="failed")
    prune("--older-than", "1h", "--yes")
    prune("--older-than", "1h", "--forget", "--yes")
    with engine.begin() as connection:
        counters = read_metrics(connection).counters
    for metric, amount in ((RESULTS_PRUNED, 2), (RESULT_BYTES_PRUNED, 20)):
        assert counters[metric.name]["[]"] == amount
    assert counters[DOCUMENTS_FORGOTTEN.name]["[]"] == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_it_after_a_step_and_it_can_be_continued(
    engine, prune, monkeypatch, number
):
    finish(engine, 1_200, age_seconds=2 * DAY, over_seconds=DAY)
    remove = Removal._remove

    def interrupted(self, step, selection):
        removed = remove(self, step, selection)
        signal.raise_signal(number)
        return removed

    before = signal.getsignal(number)
    with monkeypatch.context() as patched:
        patched.setattr(Removal, "_remove", interrupted)
        with pytest.raises(CommandFailed, match="Run it again") as failure:
            prune("--older-than", "1h", "--yes")
    assert failure.value.status is ExitStatus.INTERRUPTED
    assert signal.getsignal(number) is before
    left, _ = truth(engine)
    assert 0 < left < 1_200
    assert f"Removed {1_200 - left} result" in prune.out
    prune("--older-than", "1h", "--yes")
    assert truth(engine) == (0, 0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("", "Say which results"),
        ("--forget --yes", "Say which results"),
        ("--older-than 30", "is not a duration"),
        ("--keep-bytes 50XB", "is no number of bytes"),
        ("--older-than 1d", "Add --yes"),
    ],
)
def test_a_wrong_command_line_is_refused(engine, prune, arguments, said):
    ids = finish(engine)
    with pytest.raises(click.UsageError, match=said):
        prune(*arguments.split())
    assert pruned(engine, ids) == [False]


def test_a_role_without_the_rights_is_told_which_one_has_them(engine, prune):
    finish(engine)
    with pytest.raises(CommandFailed, match="reckoner_app, or the owner") as failure:
        prune("--older-than", "1h", "--yes", user=KEYS)
    assert failure.value.status is ExitStatus.NOT_ALLOWED


def test_an_older_schema_is_told_how_to_be_upgraded(engine, prune):
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE retention"))
    with pytest.raises(CommandFailed, match="python -m migrations upgrade") as failure:
        prune("--older-than", "1h", "--yes")
    assert failure.value.status is ExitStatus.FAILED


@pytest.mark.slow
def test_postgresql_that_does_not_answer_ends_it_with_a_sentence(database_url):
    gone = make_url(database_url).set(port=1).render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, "-m", "reckoner.cli", "prune", "--older-than", "1d", "--yes"],
        env=os.environ | {"RECKONER_DATABASE_URL": gone},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == ExitStatus.UNREACHABLE
    assert done.stderr.startswith("PostgreSQL is not available: ")
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_what_has_no_bytes_goes_with_the_oldest_bytes(engine, prune):
    ids = [*finish(engine, 2, status="failed", function="factorial"), *finish(engine, size=100)]
    conditions = ("--function", "factorial", "--keep-bytes", "50")
    done = json.loads(prune(*conditions, "--forget", "--yes", "-o", "json"))
    assert present(engine, ids) == [False, False, True]
    assert done["removed"]["documents"] == done["plan"]["documents"] == 2


def test_what_was_removed_since_the_question_is_not_replaced_by_what_is_younger(
    engine, prune, monkeypatch
):
    ids = finish(engine, 6, age_seconds=3 * DAY, over_seconds=2 * DAY, size=100)

    def another_removes_the_same(*_arguments, **_options):
        remove(engine, excess_bytes=200)

    monkeypatch.setattr(click, "confirm", another_removes_the_same)
    prune("--keep-bytes", "400", answer="")
    assert pruned(engine, ids) == [True, True, False, False, False, False]


def test_a_result_that_is_long_is_removed_whole(engine, prune):
    finish(engine, size=9_000_000)
    assert "Removed 1 result, 8.6 MiB." in prune("--larger-than", "8MB", "--yes")
    assert count_rows(engine, "result_chunks") == 0
