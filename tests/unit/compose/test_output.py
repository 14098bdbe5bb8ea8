"""Where the lines of the processes go: all into a file, what matters to the terminal."""

import os
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from compose.local.logs import log_pipes
from compose.local.logs.log_file import LogFile, older
from compose.local.logs.output import Output


@pytest.fixture
def shown() -> list[str]:
    return []


@pytest.fixture
def screen(shown) -> Any:
    return SimpleNamespace(show=shown.append, coloured=lambda text, _colour: text)


@pytest.fixture
def file(tmp_path) -> Path:
    return Path(tmp_path / "log" / "reckoner.log")


def output(file: Path, screen: Any, *, shows_all: bool = False) -> Output:
    return Output(LogFile(file), screen, shows_all=shows_all)


def test_the_file_has_each_line_with_its_programs_name_in_a_column(file, screen, shown):
    out = output(file, screen)
    os.write(out.pipe_for("relay"), b"one\ntwo\r\n")
    os.write(out.pipe_for("postgres"), b"three\n")
    out.show("four\nfive")
    out.close()
    kept = file.read_text().splitlines()
    assert sorted(kept) == [
        "postgres   | three",
        "reckoner   | five",
        "reckoner   | four",
        "relay      | one",
        "relay      | two",
    ]
    assert kept.index("relay      | one") < kept.index("relay      | two")
    assert shown == ["four\nfive"]


def test_each_program_has_one_pipe(file, screen):
    out = output(file, screen)
    assert out.pipe_for("relay") == out.pipe_for("relay") != out.pipe_for("gateway")
    out.close()


_WARNINGS = [
    ("relay", "12:00:00.123 WARNING  gateway.relay: RabbitMQ is away"),
    ("heavy", "12:00:00.123 ERROR    workers: a bug"),
    ("gateway", '{"time": "…", "level": "CRITICAL", "logger": "gateway", "message": "m"}'),
]
_OTHERS = [
    ("relay", "12:00:00.123 INFO     gateway.relay: the word WARNING in it"),
    ("postgres", '2026-11-27 02:15:07.081 UTC [16305] ERROR:  relation "x" does not exist'),
    ("postgres", """2026-11-27 02:15:07.081 UTC [16305] STATEMENT:  '{"level": "ERROR"}'"""),
    ("rabbitmq", "2026-11-27 02:03:58 [warning] <0.733.0> Message store"),
    ("heavy", "    Traceback (most recent call last):"),
]


@pytest.mark.parametrize("shows_all", [False, True])
def test_the_terminal_gets_warnings_and_errors_of_reckoner_or_all_lines(
    file, screen, shown, shows_all
):
    out = output(file, screen, shows_all=shows_all)
    for name, line in _WARNINGS + _OTHERS:
        os.write(out.pipe_for(name), f"{line}\n".encode())
    out.close()
    wanted = _WARNINGS + (_OTHERS if shows_all else [])
    assert sorted(shown) == sorted(f"{name:<10} | {line}" for name, line in wanted)
    assert len(file.read_text().splitlines()) == len(_WARNINGS + _OTHERS)


def test_what_could_control_the_terminal_is_replaced(file, screen):
    out = output(file, screen)
    os.write(out.pipe_for("postgres"), "a\x1b[2Jb\x9bc\td é\n".encode())
    out.close()
    assert file.read_text() == "postgres   | a?[2Jb?c\td é\n"


def test_the_last_lines_of_each_program_are_at_hand(file, screen):
    out = output(file, screen)
    os.write(out.pipe_for("relay"), b"".join(b"%d\n" % number for number in range(100)))
    os.write(out.pipe_for("gateway"), b"other\n")
    out.close()
    assert out.last_lines("relay") == tuple(str(number) for number in range(80, 100))
    assert out.last_lines("nginx") == ()


def test_a_line_without_end_is_kept_in_parts(file, screen, monkeypatch):
    monkeypatch.setattr(log_pipes, "_MAX_LINE_BYTES", 1_000)
    out = output(file, screen)
    os.write(out.pipe_for("relay"), b"x" * 2_500)
    out.close()
    kept = file.read_text().splitlines()
    assert all(line.startswith("relay      | xx") for line in kept)
    assert sum(line.count("x") for line in kept) >= 1_500


def test_the_files_of_the_log_have_an_upper_bound(tmp_path):
    path = tmp_path / "reckoner.log"
    file = LogFile(path, max_bytes=1_000)
    for number in range(200):
        file.write("relay", f"line {number}")
        assert path.stat().st_size <= 1_000
    file.close()
    assert older(path).stat().st_size <= 1_000
    assert {one.name for one in tmp_path.iterdir()} == {"reckoner.log", "reckoner.log.1"}
    both = older(path).read_text() + path.read_text()
    last = int(both.split()[-1])
    assert [line.split()[-1] for line in both.splitlines()] == [
        str(number) for number in range(last - len(both.splitlines()) + 1, 200)
    ]


def test_a_log_of_an_earlier_run_is_continued(tmp_path):
    path = tmp_path / "reckoner.log"
    for text in ("before", "after"):
        file = LogFile(path)
        file.write("relay", text)
        file.close()
    assert path.read_text() == "relay      | before\nrelay      | after\n"


def test_a_full_disk_stops_nobody(screen):
    full = Output(LogFile(Path("/dev/full")), screen, shows_all=False)
    end = full.pipe_for("relay")
    writing = threading.Thread(
        target=lambda: [os.write(end, b"x" * 999 + b"\n") for _ in range(999)]
    )
    writing.start()
    writing.join(10)
    assert not writing.is_alive()
    full.close()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"RECKONER_LOG_FORMAT": "text"}),
        ({"RECKONER_LOG_FORMAT": "json"}, {}),
        ({"RECKONER_LOG_FORMAT_FILE": "/x"}, {}),
    ],
)
def test_programs_write_for_people_unless_told_otherwise(
    file, screen, monkeypatch, given, expected
):
    for name in ("RECKONER_LOG_FORMAT", "RECKONER_LOG_FORMAT_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    out = output(file, screen)
    out.close()
    assert out.environment() == expected
