"""Lines about calculations: the ids to find them by, and few lines for many."""

import json
import logging
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace
from uuid import UUID

import pytest

from shared.calculation import Work
from shared.logs import bundles
from shared.logs.bundles import CalculationLog
from shared.logs.json_lines import JsonFormatter
from shared.logs.members import LINE_CALCULATIONS, log_calculations, log_ids
from tests.eventually import eventually


class Recorder(logging.Handler):
    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(json.loads(JsonFormatter().format(record)))


@pytest.fixture
def logger():
    """A logger of this test's own, and its lines."""
    logger = logging.getLogger("of-a-test")
    logger.setLevel(logging.INFO)
    recorder = Recorder()
    logger.addHandler(recorder)
    yield logger, recorder.lines
    logger.removeHandler(recorder)


def works(count):
    trace = f"00-{'a' * 32}-{'b' * 16}-01"
    return [
        Work(UUID(int=n), "f", 1, "{}", f"r-{n // 2}", "shop" if n else None, trace if n else None)
        for n in range(count)
    ]


def test_a_line_about_one_calculation_names_it(logger):
    log, lines = logger
    log_calculations(log, "Published %s", works(2)[1:])
    (line,) = lines
    assert line["message"] == "Published a calculation"
    assert line["calculation_id"] == str(UUID(int=1))
    assert (line["request_id"], line["key"], line["trace_id"]) == ("r-0", "shop", "a" * 32)


def test_a_line_about_several_calculations_names_them_all_and_their_requests(logger):
    log, lines = logger
    log_calculations(log, "Published %s", works(4))
    (line,) = lines
    assert line["message"] == "Published 4 calculations"
    assert line["calculation_ids"] == [str(UUID(int=n)) for n in range(4)]
    assert line["request_ids"] == ["r-0", "r-1"]
    assert (line["keys"], line["trace_ids"]) == (["shop"], ["a" * 32])


def test_lines_about_many_calculations_are_short_enough_not_to_mix_in_a_pipe(logger):
    log, lines = logger
    made = [
        replace(work, request_id=f"{n:032x}", traceparent=f"00-{n:032x}-{n:016x}-00")
        for n, work in enumerate(works(3 * LINE_CALCULATIONS + 1))
    ]
    log_calculations(log, "Published %s", made)
    assert len(lines) == 4
    named = [identity for line in lines[:3] for identity in line["calculation_ids"]]
    assert [*named, lines[3]["calculation_id"]] == [str(work.calculation_id) for work in made]
    assert max(len(json.dumps(line)) for line in lines) < 4_096


def test_what_is_not_shown_costs_nothing(logger):
    log, lines = logger
    log.setLevel(logging.WARNING)
    log_calculations(log, "Published %s", works(1))
    log_calculations(log, "Published %s", [])
    assert lines == []


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is set, and no thread."""
    clock = SimpleNamespace(now=1_000.0)
    monkeypatch.setattr("shared.logs.bundles.time.monotonic", lambda: clock.now)
    monkeypatch.setattr(CalculationLog, "_start", lambda _: None)
    return clock


def named(lines):
    return [
        identity
        for line in lines
        for identity in line.get("calculation_ids", [line.get("calculation_id")])
    ]


def test_a_calculation_that_comes_alone_is_logged_at_once(logger, clock):
    log, lines = logger
    CalculationLog(log, "Accepted %s").add(works(1))
    assert named(lines) == [str(UUID(int=0))]


def test_those_that_follow_at_once_share_a_line(logger, clock):
    log, lines = logger
    accepted = CalculationLog(log, "Accepted %s")
    for work in works(4):
        accepted.add([work])
    assert len(lines) == 1
    clock.now += bundles.PAUSE_SECONDS
    accepted._flush(clock.now, is_last=False)
    assert [line["message"] for line in lines] == [
        "Accepted a calculation",
        "Accepted 3 calculations",
    ]
    assert named(lines) == [str(UUID(int=n)) for n in range(4)]


def test_a_full_line_is_written_without_a_pause(logger, clock):
    log, lines = logger
    accepted = CalculationLog(log, "Accepted %s")
    accepted.add(works(1))
    accepted.add(works(LINE_CALCULATIONS))
    assert len(lines) == 2


def flood(accepted, count):
    made = [replace(work, traceparent=None) for work in works(count)]
    for first in range(0, count, 100):
        accepted.add(made[first : first + 100])


def test_of_a_flood_a_part_is_named_and_the_rest_is_counted(logger, clock):
    log, lines = logger
    accepted = CalculationLog(log, "Accepted %s")
    flood(accepted, 5_000)
    accepted.flush()
    assert len(named(lines[:-1])) == bundles.NAMED_AT_ONCE
    assert lines[-1]["message"] == "Accepted 4500 calculations, too many to name here"
    lines.clear()
    clock.now += 1.0
    flood(accepted, 200)
    accepted.flush()
    assert len(named(lines[:-1])) == bundles.NAMED_PER_SECOND
    lines.clear()
    clock.now += 3_600
    flood(accepted, 2_000)
    accepted.flush()
    assert len(named(lines[:-1])) == bundles.NAMED_AT_ONCE


def test_whoever_sends_a_trace_context_is_named_in_a_flood(logger, clock):
    log, lines = logger
    accepted = CalculationLog(log, "Accepted %s")
    flood(accepted, 2_000)
    lines.clear()
    clock.now += 0.2
    accepted.add(works(3_000)[2_900:])
    accepted.flush()
    assert len(named(lines[:-1])) == 100


def test_all_are_named_where_each_counts_and_at_the_level_debug(logger, clock):
    log, lines = logger
    flood(CalculationLog(log, "Accepted %s", names_all=True), 2_000)
    assert len(named(lines)) == 2_000
    lines.clear()
    log.setLevel(logging.DEBUG)
    flood(CalculationLog(log, "Accepted %s"), 2_000)
    assert len(named(lines)) == 2_000


def test_what_nothing_follows_is_written_in_a_moment(logger):
    log, lines = logger
    accepted = CalculationLog(log, "Accepted %s")
    accepted.add(works(1))
    accepted.add(works(2))
    eventually(lambda: len(lines) == 2)


def test_what_waits_at_the_end_of_the_process_is_written():
    program = (
        "import logging; from uuid import UUID; from shared.calculation import Work;"
        "from shared.logs import bundles; from shared.logs.set_up import set_up_logs;"
        "bundles.PAUSE_SECONDS = 60; set_up_logs('INFO');"
        "log = bundles.CalculationLog(logging.getLogger('x'), 'Accepted %s');"
        "[log.add([Work(UUID(int=n), 'f', 1, '{}', None)]) for n in range(3)]"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert len(named(map(json.loads, ended.stderr.splitlines()))) == 3


def test_rare_events_name_every_calculation(logger):
    log, lines = logger
    ids = [UUID(int=n) for n in range(2 * LINE_CALCULATIONS + 1)]
    log_ids(log, logging.WARNING, "Cancelled %s", ids, request_id="r-1")
    assert named(lines) == [str(identity) for identity in ids]
    assert lines[0]["message"] == f"Cancelled {LINE_CALCULATIONS} calculations"
    assert lines[2]["message"] == "Cancelled a calculation"
    assert {line["request_id"] for line in lines} == {"r-1"}
    assert {line["level"] for line in lines} == {"WARNING"}
