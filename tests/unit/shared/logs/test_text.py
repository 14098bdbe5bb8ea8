"""Logs for people: readable, and nothing in them controls the terminal."""

import logging
import re
import sys

import pytest

from shared.logs.text_lines import TextFormatter


def readable(**members):
    record = logging.makeLogRecord({"name": "gateway.app", "levelname": "INFO", **members})
    return TextFormatter(is_coloured=False).format(record)


def test_a_readable_line_has_time_level_logger_message_and_members():
    line = readable(msg="it %s", args=("works",), attempt=2, request_id=None, keys=["a", "b"])
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d\.\d{3} INFO     gateway\.app: it works attempt=2 keys=a,b", line
    )


@pytest.mark.parametrize(
    "text", ["\x1b[2J", "\r", "\x9b31m", "\u061c", "\u202e", "\ud800", "\x00", "\x7f"]
)
def test_no_text_of_others_controls_the_terminal(text):
    for line in (readable(msg=f"a{text}b"), readable(msg="", value=f"a {text}b")):
        assert text not in line
        assert "\\x" in line or "\\u" in line or "\\r" in line


def test_no_text_of_others_looks_like_another_record():
    fake = "\n12:00:00.000 INFO     gateway.app: forged"
    for line in (readable(msg=fake), readable(msg="", value=fake)):
        assert len(line.splitlines()) == 1


def test_a_readable_traceback_is_below_its_line():
    try:
        raise ValueError("two\nlines")
    except ValueError:
        first, *rest = readable(msg="failed", exc_info=sys.exc_info()).splitlines()
    assert first.endswith("gateway.app: failed")
    assert rest[0].strip().startswith("Traceback")
    assert all(line.startswith("    ") for line in rest)
