"""`reckoner doctor`: checks side by side, and the report."""

import json
import threading
from typing import Any

import click.testing
import pytest

from reckoner.cli.exit_status import CommandFailed, ExitStatus
from reckoner.cli.operating import doctor as module
from reckoner.cli.operating.doctor.findings import fault, note, ok, warning
from reckoner.cli.operating.doctor.report import report_text
from reckoner.cli.operating.doctor.running import Check, Examined, run_checks
from shared.errors import BrokerUnavailable, StoreUnavailable

_INSTALLATION: Any = None


def found(*checks, seconds=5.0):
    examined = run_checks([Check("a", check) for check in checks], _INSTALLATION, seconds)
    return [list(one.findings) for one in examined]


def test_checks_run_side_by_side_and_keep_their_order():
    together = threading.Barrier(2)

    def check(words):
        def run(_installation):
            together.wait(5)
            yield ok(words)

        return run

    assert found(check("first"), check("second")) == [[ok("first")], [ok("second")]]


def test_a_check_that_hangs_is_a_fault_and_keeps_no_other_from_being_shown():
    release = threading.Event()

    def hangs(_installation):
        yield ok("before")
        release.wait(60)
        yield ok("late")

    first, second = found(hangs, lambda _: [ok("there")], seconds=0.2)
    release.set()
    before, last = first
    assert before == ok("before")
    assert last.level == "fault"
    assert "did not end within 0.2 s" in last.detail
    assert second == [ok("there")]


@pytest.mark.parametrize(
    ("error", "level", "words"),
    [
        (StoreUnavailable("gone"), "warning", "PostgreSQL is not available"),
        (BrokerUnavailable("RabbitMQ is away."), "fault", "RabbitMQ is away."),
        (ZeroDivisionError("division"), "fault", "a bug of its own: ZeroDivisionError"),
    ],
)
def test_what_prevents_a_check_is_a_finding_after_those_before_it(error, level, words):
    def fails(_installation):
        yield ok("before")
        raise error

    ((before, last),) = found(fails)
    assert before == ok("before")
    assert last.level == level
    assert words in last.detail


EXAMINED = [
    Examined("Disk", [ok("There is room."), warning("It fills.", "Prune.")]),
    Examined("Nothing", []),
    Examined("Queue", [note("Unseen."), fault("No queue.", "Make one.")]),
]


def test_the_report_has_each_finding_below_its_check_with_what_to_do():
    assert report_text(EXAMINED) == (
        "Disk\n"
        "  ok      There is room.\n"
        "  warning It fills.\n"
        "          Prune.\n"
        "Queue\n"
        "  note    Unseen.\n"
        "  fault   No queue.\n"
        "          Make one.\n"
        "\n"
        "1 fault, 1 warning.\n"
    )


def test_control_characters_of_others_are_not_written():
    assert "\x1b" not in report_text([Examined("A", [fault("\x1b[2J", "\x1b[0m")])])


@pytest.fixture
def doctor(monkeypatch):
    def run(examined, *arguments):
        monkeypatch.setattr(module, "run_checks", lambda *_: examined)
        return click.testing.CliRunner().invoke(module.command, arguments)

    return run


def test_only_a_fault_makes_it_fail(doctor):
    assert doctor(EXAMINED[:1]).exit_code == ExitStatus.SUCCESS
    failed = doctor(EXAMINED).exception
    assert isinstance(failed, CommandFailed)
    assert failed.status == ExitStatus.FAILED


def test_as_json_it_has_level_and_findings(doctor):
    document = json.loads(doctor(EXAMINED[:1], "-o", "json").stdout)
    assert document == {
        "level": "warning",
        "findings": [
            {"check": "Disk", "level": "ok", "detail": "There is room.", "remedy": None},
            {"check": "Disk", "level": "warning", "detail": "It fills.", "remedy": "Prune."},
        ],
    }
