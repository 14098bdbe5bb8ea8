"""`reckoner check-function`: what it shows of a function, and its exit statuses."""

import json
import os
from pathlib import Path

import pytest

from shared.calculation import calculation_id
from tests.integration.cli.check_function import command, line

__all__ = ["command"]

pytestmark = pytest.mark.slow

SQUARES = """
@function(estimate=lambda n, start: Estimate(seconds=0.5, bytes=10**6))
def squares(n: Annotated[int, Ge(1)], start: int = 1) -> dict[str, int]:
    "The sum of some squares."
    return {"n": n, "sum": sum(k * k for k in range(start, n + 1))}
"""


def test_it_shows_what_the_service_would_make_of_the_function(command):
    done = command.check(SQUARES, '{"n": 3}')
    assert done.exit_code == 0, done.output
    assert line(done, "function") == "squares, version 1: The sum of some squares."
    assert json.loads(line(done, "schema"))["properties"]["start"]["default"] == 1
    assert line(done, "arguments") == '{"n":3,"start":1}'
    assert line(done, "lane").startswith("heavy, as its estimate")
    assert '{"n":3,"sum":14}' in done.output
    assert "application/json" in line(done, "result")
    assert line(done, "seconds").endswith("its estimate: 0.500000")
    assert line(done, "memory").endswith("its estimate: 1,000,000 bytes")
    assert line(done, "check") == "none"


def test_the_id_is_the_one_that_the_service_gives(command):
    module = command.write(SQUARES)
    done = command.run(module, '{"n": 3}')
    squares = __import__(module).squares
    assert line(done, "id") == str(calculation_id("squares", 1, squares.bind({"n": 3}).text))


@pytest.mark.parametrize(
    ("check", "shown"),
    [
        ("check=lambda result, n: result == n * n", "check: the function's predicate holds"),
        ('check="recompute"', "recomputed: a second run gave the same result"),
    ],
)
def test_the_check_is_done_and_named(command, check, shown):
    source = f"@function({check})\ndef square(n: int) -> int:\n    return n * n\n"
    done = command.check(source, '{"n": 5}')
    assert (done.exit_code, line(done, "check")) == (0, shown), done.output


def test_digits_are_checked_by_their_residue(command):
    source = """
@function(check=Residue(lambda n, modulus: pow(10, n, modulus)))
def power(n: Annotated[int, Ge(0), Le(50)]) -> Digits:
    return str(10**n)
"""
    done = command.check(source, '{"n": 5}')
    assert (done.exit_code, line(done, "check")) == (0, "residue: the digits agree with it")
    assert "100000" in done.output


def test_bytes_and_long_results_are_written_to_a_file_that_is_named(command):
    source = """
@function
def picture(n: int) -> Annotated[bytes, MediaType("image/png")]:
    return b"\\x89PNG" * n
"""
    done = command.check(source, '{"n": 2}')
    file = Path(line(done, "result").rpartition(", in ")[2])
    assert (file.suffix, file.read_bytes()) == (".png", b"\x89PNG" * 2)
    done = command.check("@function\ndef long(n: int) -> str:\n    return 'x' * n\n", '{"n": 1001}')
    file = Path(line(done, "result").rpartition(", in ")[2])
    assert file.read_text() == "x" * 1001


def test_the_result_is_written_where_the_command_line_says(command):
    assert command.check(SQUARES, '{"n": 3}', "-o", "result.json").exit_code == 0
    assert (command.folder / "result.json").read_text() == '{"n":3,"sum":14}'
    assert (command.folder / "result.json").stat().st_mode & 0o077 == 0o044


def test_a_result_for_a_device_or_a_pipe_is_written_to_it_and_not_in_its_place(command, tmp_path):
    os.mkfifo("pipe")
    reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    assert command.check(SQUARES, '{"n": 3}', "-o", "pipe").exit_code == 0
    assert os.read(reader, 100) == b'{"n":3,"sum":14}'
    os.close(reader)
    assert Path("pipe").is_fifo()
    assert not list(tmp_path.glob("squares-*"))
    done = command.check(SQUARES, '{"n": 3}', "-o", ".")
    assert (done.exit_code, "Is a directory" in done.output) == (2, True), done.output


def test_nothing_is_left_of_a_result_that_failed(command, tmp_path):
    source = """
@function
def pieces() -> Iterator[str]:
    yield "x" * 2_000_000
    raise ValueError("half way")
"""
    done = command.check(source, "{}", "-o", "result.txt")
    assert done.exit_code == 1
    assert list(command.folder.glob("*result*")) == []
    assert list(command.folder.glob("pieces-*")) == []


def test_a_function_for_fresh_interpreters_gets_one(command):
    source = """
import os
IMPORTED_BY = os.getpid()
@function(fresh=True)
def is_own() -> bool:
    return IMPORTED_BY == os.getpid()
"""
    done = command.check(source)
    assert (done.exit_code, "\n            true\n" in done.output) == (0, True), done.output


def test_a_function_is_found_in_src_and_by_its_name(command):
    module = command.write(SQUARES + SQUARES.replace("squares", "others"), folder="src")
    done = command.run(f"{module}:others", '{"n": 3}')
    assert (done.exit_code, line(done, "function").split(",")[0]) == (0, "others"), done.output


def test_what_a_function_prints_is_shown(command):
    done = command.check("@function\ndef loud() -> int:\n    print('step 1')\n    return 1\n")
    assert (done.exit_code, "step 1" in done.output) == (0, True)


FAILING = {
    "it raises": (
        "raise ZeroDivisionError('by zero')",
        "function-failed: ZeroDivisionError: by zero",
    ),
    "it fails in its own words": (
        "raise CalculationFailed('singular matrix', row=3)",
        "function-failed: singular matrix",
    ),
    "it returns what JSON has not": ("return {1, 2}", "result-invalid: "),
    "it ends its process": ("import os; os._exit(3)", "process-died: "),
    "it needs too much memory": ("return len(bytearray(10**9))", "memory-limit: "),
    "it takes too long": ("while True: pass", "time-limit: "),
}


@pytest.mark.parametrize(("body", "words"), FAILING.values(), ids=FAILING)
def test_status_1_the_calculation_failed(command, body, words):
    source = f"@function\ndef failing() -> dict[str, int]:\n    {body}\n"
    seconds = "0.5" if words.startswith("time-limit") else "60"
    done = command.check(source, "{}", "--memory", str(2**28), "--timeout", seconds)
    assert (done.exit_code, words in done.output) == (1, True), done.output


def test_status_1_the_details_of_a_failure_are_shown(command):
    done = command.check("@function\ndef f() -> int:\n    raise CalculationFailed('no', row=3)\n")
    assert "  row: 3" in done.output


@pytest.mark.parametrize(
    ("check", "words"),
    [("lambda result: False", "result-wrong: "), ('"recompute"', "gave another result")],
)
def test_status_1_the_result_did_not_pass_its_check(command, check, words):
    source = f"import os\n@function(check={check})\ndef pid() -> int:\n    return os.getpid()\n"
    done = command.check(source)
    assert (done.exit_code, words in done.output) == (1, True), done.output


def test_the_traceback_of_the_function_is_shown_to_its_author(command):
    done = command.check("@function\ndef f() -> int:\n    return 1 // 0\n")
    assert "in f" in done.output
    assert "return 1 // 0" in done.output
