"""Logs: one JSON object in each line, or readable text."""

import io
import json
import logging
import os
import subprocess
import sys
from uuid import UUID

import pytest

from shared.logs.json_lines import JsonFormatter
from shared.logs.set_up import set_up_logs


def formatted(*, message="it %s", arguments=("works",), error=None, **extra):
    """Format a record; return its members, and check that it is one line."""
    record = logging.makeLogRecord(
        {
            "name": "gateway.app",
            "levelname": "WARNING",
            "levelno": logging.WARNING,
            "msg": message,
            "args": arguments,
            "created": 1_700_000_000.1239,
            "exc_info": error,
            **extra,
        }
    )
    line = JsonFormatter().format(record)
    assert "\n" not in line
    return json.loads(line)


@pytest.fixture
def own_root_logger():
    """Restore the root logger."""
    root, pika = logging.getLogger(), logging.getLogger("pika")
    before = root.handlers[:], root.level, pika.level
    yield root
    root.handlers[:], _, _ = before
    root.setLevel(before[1])
    pika.setLevel(before[2])


def test_a_line_has_time_level_logger_and_message():
    assert formatted() == {
        "time": "2023-11-14T22:13:20.123+00:00",
        "level": "WARNING",
        "logger": "gateway.app",
        "message": "it works",
        "pid": os.getpid(),
    }


def test_extra_values_become_members():
    line = formatted(request_id="06aa", attempt=2, seconds=0.5, calculation_id=KeyError("x"))
    assert (line["request_id"], line["attempt"], line["seconds"]) == ("06aa", 2, 0.5)
    assert line["calculation_id"] == "'x'"  # as text, if JSON has no such type


def test_extra_values_that_are_none_are_left_out():
    assert "request_id" not in formatted(request_id=None)


def test_attributes_of_logging_itself_are_left_out():
    assert not {"args", "levelno", "lineno", "process", "taskName"} & formatted().keys()


def test_an_exception_is_in_the_same_line_with_its_traceback():
    try:
        raise ValueError("two\nlines")
    except ValueError:
        line = formatted(error=sys.exc_info())
    assert line["exception"].startswith("Traceback")
    assert "ValueError: two\nlines" in line["exception"]


def test_line_breaks_and_lone_surrogates_stay_in_their_line():
    assert formatted(message="a\nb\udce9", arguments=())["message"] == "a\nb\udce9"


def test_every_logger_writes_lines_to_standard_error_once(own_root_logger, capsys):
    set_up_logs("INFO")
    set_up_logs("INFO")
    logging.getLogger("some.library").info("hello", extra={"request_id": "06aa"})
    output, errors = capsys.readouterr()
    [line] = errors.splitlines()
    assert (json.loads(line)["logger"], json.loads(line)["request_id"]) == ("some.library", "06aa")
    assert output == ""


@pytest.mark.parametrize(("level", "shown"), [("DEBUG", 3), ("INFO", 2), ("WARNING", 1)])
def test_what_is_below_the_level_is_not_shown(own_root_logger, capsys, level, shown):
    set_up_logs(level)
    for write in (logging.debug, logging.info, logging.warning):
        write("a message")
    assert len(capsys.readouterr().err.splitlines()) == shown


@pytest.mark.parametrize("log_format", ["json", "text"])
@pytest.mark.parametrize(
    ("message", "arguments"), [("%d items", ("many",)), ("%d digits", (10**5_000,)), ("words", ())]
)
def test_a_record_that_cannot_be_formatted_is_one_line_that_says_where_it_is_from(
    own_root_logger, capsys, log_format, message, arguments
):
    set_up_logs("INFO", log_format)
    logging.getLogger("functions").info(message, *arguments, extra={"worker": Wordless()})
    (line,) = capsys.readouterr().err.splitlines()
    assert "functions" in line
    assert f"A line of the log cannot be formatted, from {__file__}:" in line


class Wordless:
    def __str__(self) -> str:
        raise ValueError("no words")


def test_pika_does_not_log_lost_connections(own_root_logger, capsys):
    set_up_logs("DEBUG")
    logging.getLogger("pika.adapters.blocking_connection").error("lost")
    assert capsys.readouterr().err == ""


def test_members_of_every_line_come_first_and_a_records_own_count():
    record = logging.makeLogRecord({"msg": "hello", "worker": "other"})
    formatter = JsonFormatter({"process": "heavy", "worker": UUID(int=5)})
    line = json.loads(formatter.format(record))
    assert (line["process"], line["worker"]) == ("heavy", "other")


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_numbers_that_json_does_not_have_are_text(value):
    assert formatted(seconds=value)["seconds"] == str(value)


def test_lists_stay_lists():
    assert formatted(calculation_ids=[UUID(int=5)])["calculation_ids"] == [str(UUID(int=5))]


class Stream(io.StringIO):
    def __init__(self, is_terminal):
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self):
        return self._is_terminal


@pytest.mark.parametrize(
    ("log_format", "is_terminal", "is_json"),
    [
        ("json", True, True),
        ("text", False, False),
        ("auto", True, False),
        ("auto", False, True),
    ],
)
def test_the_form_is_what_the_setting_says(
    own_root_logger, monkeypatch, log_format, is_terminal, is_json
):
    stream = Stream(is_terminal)
    monkeypatch.setattr(sys, "stderr", stream)
    set_up_logs("INFO", log_format)
    logging.getLogger("gateway.app").info("hello")
    assert stream.getvalue().startswith("{") is is_json
    assert "hello" in stream.getvalue()


@pytest.mark.parametrize(
    ("environment", "is_terminal", "is_coloured"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_text_has_colours_where_they_can_be_seen(
    own_root_logger, monkeypatch, environment, is_terminal, is_coloured
):
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    stream = Stream(is_terminal)
    monkeypatch.setattr(sys, "stderr", stream)
    set_up_logs("INFO", "text")
    logging.getLogger("gateway.app").info("hello", extra={"attempt": 1})
    assert ("\x1b[" in stream.getvalue()) is is_coloured


def test_what_ends_a_thread_is_logged_in_one_line():
    program = (
        "import threading; from shared.logs.set_up import log_what_ends_threads, set_up_logs;"
        "set_up_logs('INFO'); log_what_ends_threads();"
        "thread = threading.Thread(target=lambda: 1 / 0, name='writer'); thread.start();"
        "thread.join(); [][0]"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.returncode == 1
    thread, process = map(json.loads, ended.stderr.splitlines())
    assert "writer" in thread["message"]
    assert "ZeroDivisionError" in thread["exception"]
    assert "IndexError" in process["exception"]
