"""What `make up` writes to its terminal: lines, and below them what goes on."""

import os
import select
import threading
from collections.abc import Iterator

import pytest

from compose.local.terminal import screen as module
from compose.local.terminal.screen import BOLD, Screen, has_unicode
from tests.eventually import eventually


class Reader:
    """Reads the other end of what stands where standard output is: a pipe, or a terminal."""

    def __init__(self, ends: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
        self._reading, self._writing = ends
        self._text = b""
        monkeypatch.setattr(module, "_STANDARD_OUTPUT", self._writing)

    def text(self, end: bytes = b"\n") -> str:
        """Return what comes, up to this."""
        text = b""
        while end not in text:
            ready, _, _ = select.select([self._reading], [], [], 10)
            assert ready, text
            text += os.read(self._reading, 65_536)
        return text.decode()

    def rest(self) -> list[str]:
        """Return the lines that are left, once nobody writes any more."""
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


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture
def pipe(monkeypatch) -> Iterator[Reader]:
    reader = Reader(os.pipe(), monkeypatch)
    yield reader
    reader.end()


@pytest.fixture
def terminal(monkeypatch) -> Iterator[Reader]:
    reader = Reader(os.openpty(), monkeypatch)
    yield reader
    reader.end()


def test_lines_are_shown_in_their_order(pipe):
    screen = Screen()
    screen.show("one\ntwo")
    for number in range(500):
        screen.show(f"line {number}")
    screen.close()
    assert pipe.rest() == ["one", "two", *(f"line {number}" for number in range(500))]


def test_a_line_is_shown_at_once(pipe):
    screen = Screen()
    screen.show("first")
    assert pipe.text() == "first\n"
    screen.close()


def test_a_terminal_shows_what_goes_on_below_the_lines(terminal):
    screen = Screen(lambda: "waiting")
    assert terminal.text(b"waiting") == "waiting"
    screen.show("done")
    shown = terminal.text(b"done\r\nwaiting")
    assert "\r\x1b[Kdone\r\nwaiting" in shown, "the line takes the place of what goes on"
    screen.close()
    assert terminal.text(b"\x1b[K").endswith("\r\x1b[K"), "nothing is left of it"


def test_what_goes_on_fits_into_a_narrow_terminal(terminal, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    screen = Screen(lambda: "x" * 100)
    assert terminal.text(b"x") == "x" * 19
    screen.close()


@pytest.mark.parametrize("is_dumb", [True, False])
def test_without_a_terminal_there_are_only_lines(pipe, terminal, monkeypatch, is_dumb):
    if is_dumb:
        monkeypatch.setenv("TERM", "dumb")
    else:
        monkeypatch.setattr(module, "_STANDARD_OUTPUT", pipe._writing)
    screen = Screen(lambda: "waiting")
    screen.show(screen.coloured("hello", BOLD))
    shown = (terminal if is_dumb else pipe).text()
    assert shown.replace("\r", "") == "hello\n"
    screen.close()


@pytest.mark.parametrize(("value", "is_coloured"), [(None, True), ("1", False), ("", True)])
def test_a_terminal_has_colours_unless_its_user_wants_none(
    terminal, monkeypatch, value, is_coloured
):
    if value is not None:
        monkeypatch.setenv("NO_COLOR", value)
    screen = Screen()
    screen.show(screen.coloured("hello", BOLD))
    assert ("\x1b[1mhello\x1b[0m" in terminal.text()) == is_coloured
    screen.close()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"LANG": "de_DE.UTF-8"}, True),
        ({"LANG": "C.utf8"}, True),
        ({"LANG": "C.UTF-8", "LC_ALL": "C"}, False),
        ({"LANG": "en_US.UTF-8", "LC_ALL": ""}, True),
        ({}, False),
    ],
)
def test_the_locale_says_whether_more_than_ascii_is_shown(environment, expected):
    assert has_unicode(environment) is expected


def pause(screen: Screen) -> None:
    """Show more than the pipe holds, while nobody reads it."""
    for _ in range(200):
        screen.show("x" * 4_000)
    eventually(lambda: screen._dropped > 0)


@pytest.mark.timeout(20)
def test_a_paused_terminal_blocks_nobody_and_dropped_lines_are_counted(pipe, monkeypatch):
    monkeypatch.setattr(module, "_MAX_LINES_WAITING", 10)
    screen = Screen()
    pause(screen)
    pipe.read()

    def goes_on() -> bool:
        screen.show("again")
        return "again" in pipe.seen

    eventually(goes_on)
    screen.close()
    dropped = [text for text in pipe.seen if text.endswith("lines dropped")]
    assert dropped
    assert pipe.seen.index(dropped[0]) < pipe.seen.index("again")


@pytest.mark.timeout(20)
def test_dropped_lines_are_counted_when_nothing_follows_them(pipe, monkeypatch):
    monkeypatch.setattr(module, "_MAX_LINES_WAITING", 10)
    monkeypatch.setattr(module, "_FLUSH_SECONDS", 10.0)
    screen = Screen()
    pause(screen)
    closing = threading.Thread(target=screen.close)
    closing.start()
    pipe.read()
    closing.join()
    eventually(lambda: "".join(pipe.seen).endswith("lines dropped"))


def test_a_closed_terminal_stops_nobody(pipe):
    screen = Screen()
    pipe.close()
    showing = threading.Thread(target=screen.show, args=(f"{'x' * 1_000}\n" * 1_000,))
    showing.start()
    showing.join(10)
    assert not showing.is_alive()
    screen.close()
    assert not screen._writer.is_alive()
