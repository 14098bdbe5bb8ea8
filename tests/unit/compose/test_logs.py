"""`make logs`: what is there, and what follows."""

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from compose.local.logs import __main__ as logs
from compose.local.logs.__main__ import follow
from compose.local.logs.log_file import LogFile
from tests.eventually import eventually


@pytest.fixture
def path(tmp_path) -> Path:
    return Path(tmp_path / "reckoner.log")


def written(path: Path, *numbers: int, name: str = "relay", max_bytes: int = 10**6) -> LogFile:
    file = LogFile(path, max_bytes)
    for number in numbers:
        file.write(name, f"line {number}")
    return file


def numbers(lines: list[str]) -> list[int]:
    return [int(line.split()[-1]) for line in lines]


def stopped() -> bool:
    return False


def test_the_last_lines_are_shown_after_the_end(path):
    written(path, *range(10)).close()
    assert numbers(list(follow(path, 3, stopped))) == [7, 8, 9]


def test_lines_of_the_older_file_come_first(path):
    written(path, *range(60), max_bytes=1_000).close()
    assert path.with_name("reckoner.log.1").exists()
    shown = numbers(list(follow(path, 1_000, stopped)))
    assert shown == list(range(shown[0], 60))
    assert len(shown) > len(path.read_text().splitlines())


def test_only_what_the_named_programs_say_is_shown(path):
    written(path, 1, 2).close()
    written(path, 3, name="postgres").close()
    assert numbers(list(follow(path, 1, stopped, ["relay"]))) == [2]


class Following:
    """Follows a file in a thread."""

    def __init__(self, path: Path, is_running: Callable[[], bool]) -> None:
        self.lines: list[str] = []
        self._thread = threading.Thread(target=self._follow, args=(path, is_running), daemon=True)
        self._thread.start()

    def _follow(self, path: Path, is_running: Callable[[], bool]) -> None:
        for line in follow(path, 100, is_running):
            self.lines.append(line)

    def has(self, count: int) -> bool:
        return len(self.lines) == count

    def end(self) -> None:
        self._thread.join(10)
        assert not self._thread.is_alive()


def test_it_follows_across_a_new_file_until_the_end(path, monkeypatch):
    monkeypatch.setattr(logs, "_POLL_SECONDS", 0.01)
    running = True
    file = written(path, 0, max_bytes=500)
    following = Following(path, lambda: running)
    for number in range(1, 100):
        file.write("relay", f"line {number}")
        if number % 10 == 0:  # at most one new file since it has read
            eventually(partial(following.has, number + 1))
    running = False
    following.end()
    assert numbers(following.lines) == list(range(100))
    file.close()


def test_what_was_written_just_before_the_end_is_shown(path):
    file = written(path, 1)

    def is_running() -> bool:
        file.write("relay", "line 2")
        return False

    assert numbers(list(follow(path, 0, is_running))) == [2]
    file.close()


def test_without_a_log_it_says_what_to_start(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(logs, "STATE", tmp_path)
    monkeypatch.setattr("sys.argv", ["logs"])
    assert logs.main() == 1
    assert "make up" in capsys.readouterr().err


@pytest.fixture
def show(path, monkeypatch):
    """Run `make logs` with arguments."""
    state = path.parent / "state"
    written(state / "log" / "reckoner.log", 1, 2).close()
    monkeypatch.setattr(logs, "STATE", state)
    monkeypatch.setattr(logs, "is_locked", lambda _state: False)

    def run(*arguments: str) -> int:
        monkeypatch.setattr("sys.argv", ["logs", *arguments])
        return logs.main()

    return run


def test_a_process_without_a_line_is_named_with_those_that_have_some(show, capsys):
    assert show("relay", "gatewy") == 0
    shown = capsys.readouterr()
    assert "Nothing is from gatewy. There are: relay." in shown.err
    assert len(shown.out.splitlines()) == 2


@pytest.mark.parametrize("count", ["-1", "many"])
def test_a_number_of_lines_that_is_none_is_refused_in_a_sentence(show, capsys, count):
    with pytest.raises(SystemExit) as ended:
        show(f"--lines={count}")
    assert ended.value.code == 2
    assert f"{count} is no number of lines. Give 0 or more." in capsys.readouterr().err
