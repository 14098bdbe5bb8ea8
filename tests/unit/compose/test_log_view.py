"""One stream of log lines from many processes."""

import os
import select
import threading
from collections.abc import Iterator

import pytest

from compose.local import log_view
from compose.local.log_view import LogView
from tests.eventually import eventually


class Screen:
    """Stands where standard output is: a pipe, or a terminal, whose other end a test reads."""

    def __init__(self, ends: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
        self._reading, self._writing = ends
        self._text = b""
        monkeypatch.setattr(log_view, "_STANDARD_OUTPUT", self._writing)

    def lines(self, count: int) -> list[str]:
        """Return the next lines."""
        text = b""
        while text.count(b"\n") < count:
            ready, _, _ = select.select([self._reading], [], [], 10)
            assert ready, text
            text += os.read(self._reading, 65_536)
        return text.decode().splitlines()

    def rest(self) -> list[str]:
        """Return what is left, once nobody writes any more."""
        os.close(self._writing)
        self._writing = -1
        text = b""
        while part := os.read(self._reading, 65_536):
            text += part
        return text.decode().splitlines()

    def read(self) -> None:
        """Read from now on all that comes; `seen` has it."""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while self._reading >= 0 and (part := os.read(self._reading, 65_536)):
            self._text += part

    @property
    def seen(self) -> list[str]:
        return self._text.decode().splitlines()

    def close(self) -> None:
        os.close(self._reading)
        self._reading = -1

    def end(self) -> None:
        for descriptor in (self._writing, self._reading):
            if descriptor >= 0:
                os.close(descriptor)


@pytest.fixture
def screen(monkeypatch) -> Iterator[Screen]:
    screen = Screen(os.pipe(), monkeypatch)
    yield screen
    screen.end()


def test_each_line_has_its_programs_name_in_a_column(screen):
    view = LogView("reckoner", 8)
    os.write(view.pipe_for("relay"), b"one\ntwo\r\n")
    os.write(view.pipe_for("postgres"), b"three\n")
    view.show("four\nfive")
    view.close()
    shown = screen.rest()
    assert sorted(shown) == [
        "postgres | three",
        "reckoner | five",
        "reckoner | four",
        "relay    | one",
        "relay    | two",
    ]
    assert shown.index("relay    | one") < shown.index("relay    | two")


def test_each_program_has_one_pipe(screen):
    view = LogView("reckoner", 8)
    assert view.pipe_for("relay") == view.pipe_for("relay") != view.pipe_for("gateway")
    view.close()


def test_a_line_is_shown_at_once_and_only_when_it_is_whole(screen):
    view = LogView("reckoner", 8)
    end = view.pipe_for("relay")
    os.write(end, b"first\nsec")
    assert screen.lines(1) == ["relay    | first"]
    os.write(end, b"ond\n")
    assert screen.lines(1) == ["relay    | second"]
    view.close()


def test_a_line_without_end_is_shown_in_parts(screen, monkeypatch):
    monkeypatch.setattr(log_view, "_MAX_LINE_BYTES", 1_000)
    view = LogView("reckoner", 8)
    os.write(view.pipe_for("relay"), b"x" * 2_500)
    shown = screen.lines(1)
    view.close()
    shown += screen.rest()
    assert all(line.startswith("relay    | xx") for line in shown)
    assert sum(line.count("x") for line in shown) >= 1_500


def test_what_was_written_before_the_end_is_shown(screen):
    view = LogView("reckoner", 8)
    for number in range(500):
        os.write(view.pipe_for("relay"), b"line %d\n" % number)
    view.close()
    assert screen.rest() == [f"relay    | line {number}" for number in range(500)]


def pause(view: LogView, end: int) -> None:
    """Write more than all pipes hold, while nobody reads the screen."""
    for _ in range(200):
        os.write(end, b"x" * 4_000 + b"\n")
    eventually(lambda: view._dropped > 0)


@pytest.mark.timeout(20)
def test_a_paused_screen_blocks_nobody_and_dropped_lines_are_counted(screen, monkeypatch):
    monkeypatch.setattr(log_view, "_MAX_LINES_WAITING", 10)
    view = LogView("reckoner", 8)
    end = view.pipe_for("relay")
    pause(view, end)
    view.show("hello")
    screen.read()

    def goes_on() -> bool:
        os.write(end, b"again\n")
        return "relay    | again" in screen.seen

    eventually(goes_on)
    view.close()
    dropped = [text for text in screen.seen if text.endswith("lines dropped")]
    assert dropped
    assert dropped[0].startswith("reckoner | ")
    assert screen.seen.index(dropped[0]) < screen.seen.index("relay    | again")


@pytest.mark.timeout(20)
def test_dropped_lines_are_counted_when_nothing_follows_them(screen, monkeypatch):
    monkeypatch.setattr(log_view, "_MAX_LINES_WAITING", 10)
    monkeypatch.setattr(log_view, "_FLUSH_SECONDS", 10.0)
    view = LogView("reckoner", 8)
    pause(view, view.pipe_for("relay"))
    closing = threading.Thread(target=view.close)
    closing.start()
    eventually(lambda: not view._reader.is_alive())
    screen.read()
    closing.join()
    eventually(lambda: "".join(screen.seen).endswith("lines dropped"))


def test_a_closed_screen_stops_nobody(screen):
    view = LogView("reckoner", 8)
    screen.close()
    end = view.pipe_for("relay")
    writing = threading.Thread(target=lambda: [os.write(end, b"x" * 1_000) for _ in range(1_000)])
    writing.start()
    writing.join(10)
    assert not writing.is_alive()
    view.close()


@pytest.fixture
def terminal(monkeypatch) -> Iterator[Screen]:
    screen = Screen(os.openpty(), monkeypatch)
    yield screen
    screen.end()


@pytest.mark.parametrize(
    ("variables", "is_coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_names_have_colours_in_a_terminal_that_shows_them(
    terminal, monkeypatch, variables, is_coloured
):
    for name, value in {"TERM": "xterm", **variables}.items():
        monkeypatch.setenv(name, value)
    if "NO_COLOR" not in variables:
        monkeypatch.delenv("NO_COLOR", raising=False)
    view = LogView("reckoner", 8)
    view.show("hello")
    [line] = terminal.lines(1)
    view.close()
    assert line.endswith("hello")
    assert ("\x1b[" in line) == is_coloured


def test_a_pipe_has_no_colours(screen, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    view = LogView("reckoner", 8)
    view.show("hello")
    assert screen.lines(1) == ["reckoner | hello"]
    view.close()


@pytest.mark.parametrize(
    ("is_terminal", "given", "expected"),
    [
        (True, {}, {"RECKONER_LOG_FORMAT": "text", "FORCE_COLOR": "1"}),
        (True, {"NO_COLOR": "1"}, {"RECKONER_LOG_FORMAT": "text"}),
        (True, {"RECKONER_LOG_FORMAT": "json"}, {"FORCE_COLOR": "1"}),
        (True, {"RECKONER_LOG_FORMAT_FILE": "/x"}, {"FORCE_COLOR": "1"}),
        (False, {}, {}),
    ],
)
def test_programs_write_for_people_where_somebody_reads_it(
    monkeypatch, is_terminal, given, expected
):
    for name in ("NO_COLOR", "TERM", "RECKONER_LOG_FORMAT", "RECKONER_LOG_FORMAT_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("compose.local.log_view.os.isatty", lambda _: is_terminal)
    view = LogView("reckoner", 8)
    view.close()
    assert view.environment() == expected
