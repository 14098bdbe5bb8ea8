"""Text of others on a terminal; durations, sizes and times."""

import pytest

from reckoner.cli.output.printable import one_line, printable
from reckoner.cli.output.progress import describe
from reckoner.cli.output.quantities import bytes_text, moment_text, seconds_text


def test_control_characters_become_escapes():
    assert printable("\x1b]0;title\x07a\u009b2Jb\r\u202e") == (
        "\\x1b]0;title\\x07a\\x9b2Jb\\r\\u202e"
    )


def test_text_and_lone_surrogates_stay_readable():
    assert printable("größer\t1\nß€😀") == "größer\t1\nß€😀"
    assert printable("\udcff") == "\\udcff"


def test_one_line_is_one_and_no_longer():
    assert one_line("a\nb\tc", 20) == "a\\nb\\tc"
    assert one_line("x" * 50, 10) == "x" * 9 + "…"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0001, "less than 1 ms"),
        (0.0312, "31 ms"),
        (2.54, "2.5 s"),
        (75, "75 s"),
        (600, "10 min"),
        (9_000, "2 h"),
        (400_000, "5 days"),
    ],
)
def test_a_duration_is_as_exact_as_anybody_needs(seconds, text):
    assert seconds_text(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1.0 KiB"),
        (4 * 2**30, "4.0 GiB"),
        (2**50, "1,024.0 TiB"),
    ],
)
def test_a_size_has_the_largest_unit(count, text):
    assert bytes_text(count) == text


def test_a_moment_is_in_utc():
    assert moment_text("2026-11-26T12:00:00.5+01:00") == "2026-11-26 11:00:00 UTC"


def test_progress_claims_nothing_that_is_not_known():
    assert describe(0, None) == ""
    assert describe(0, 12.3) == "about 12 s left"
    assert describe(0, 0.0001) == "less than 1 ms left"
    assert describe(0.421, None) == "42%"
    assert describe(1, 0) == "100%"
