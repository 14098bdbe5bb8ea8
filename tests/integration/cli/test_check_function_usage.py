"""`reckoner check-function`: status 2, and the sentence that goes with it."""

import contextlib
import resource
import signal

import pytest

from tests.integration.cli.check_function import command

__all__ = ["command"]

ADD = "@function\ndef add(a: Annotated[int, Ge(0)], b: int = 1) -> int:\n    return a + b\n"


@contextlib.contextmanager
def limited_files(size):
    """No file may become larger, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


def refused(done, *words):
    assert done.exit_code == 2, done.output
    for word in words:
        assert word in done.output


def test_an_unknown_module_is_named(command):
    refused(command.run("nowhere:f"), "There is no module nowhere", "in this folder")


def test_a_module_that_lacks_another_is_told_apart(command):
    module = command.write("import numppy")
    refused(
        command.run(module),
        "cannot be imported",
        "No module named 'numppy'",
        f"{module}.py, line 4",
    )


def test_a_module_that_raises_is_named_with_its_line(command):
    refused(command.run(command.write("1 // 0")), "ZeroDivisionError", ".py, line 4")


def test_a_module_with_a_syntax_error_is_named_with_its_line(command):
    refused(command.run(command.write("def f(:")), "SyntaxError", ".py, line 4")


def test_a_module_that_raises_what_cannot_be_shown_is_named(command):
    source = (
        "class Mute(Exception):\n    def __str__(self):\n        raise ValueError\nraise Mute\n"
    )
    refused(command.run(command.write(source)), "Mute: its text cannot be shown")


def test_a_module_that_exits_is_named(command):
    refused(command.run(command.write("import sys; sys.exit(0)")), "SystemExit")


def test_an_unknown_name_lists_the_functions(command):
    module = command.write(ADD)
    refused(command.run(f"{module}:sub"), "has no sub; its functions are: add")


def test_a_plain_function_is_told_apart(command):
    module = command.write("def plain(): pass")
    refused(command.run(f"{module}:plain"), "is no function of Reckoner's", "@function")


def test_a_module_without_a_function_says_what_to_do(command):
    refused(command.run(command.write("x = 1")), "has no function of Reckoner's", "@function")


def test_a_module_with_several_functions_says_which_to_name(command):
    module = command.write(ADD + ADD.replace("add", "sub"))
    refused(command.run(module), f"{module}:add or {module}:sub")


def test_a_function_that_cannot_be_offered_is_explained(command):
    refused(command.run(command.write("@function\ndef f(x) -> int:\n    return 1\n")), "annotation")


@pytest.mark.parametrize("text", ["{", "{'n': 1}", '{"a": NaN}', '{"a": 1, "a": 2}', ""])
def test_invalid_json_is_explained(command, text):
    refused(command.check(ADD, text), "not valid JSON", "Write an object")


@pytest.mark.parametrize(
    ("text", "words"),
    [("{}", "/a: "), ('{"a": -1}', "/a: "), ('{"a": 1, "c": 2}', "/c: "), ("[]", "not valid")],
)
def test_invalid_arguments_are_listed_with_the_schema(command, text, words):
    refused(command.check(ADD, text), words, '"minimum": 0')


def test_a_package_that_hides_ours_is_named(command):
    (command.folder / "shared").mkdir()
    refused(command.check(ADD, '{"a": 1}'), "here/shared has the name of a package of Reckoner's")


def test_a_file_that_cannot_be_written_is_named(command):
    done = command.check(ADD, '{"a": 1}', "-o", "no/such/folder.json")
    refused(done, "cannot be written", "No such file or directory")


@pytest.mark.parametrize(
    "options", [["--memory", "1"], ["--timeout", "0"], ["--memory", "much"], ["--colour"]]
)
def test_a_wrong_option_is_named(command, options):
    refused(command.check(ADD, '{"a": 1}', *options), "Usage: reckoner check-function")


def test_a_full_disk_is_named(command):
    refused(command.check(ADD, '{"a": 1}', "-o", "/dev/full/x"), "/dev/full/x", "Not a directory")
    source = "@function\ndef long() -> str:\n    return 'x' * 2_000_000\n"
    module = command.write(source)
    with limited_files(1_000_000):
        refused(command.run(module), "cannot be written", "File too large")
    assert list(command.folder.parent.glob("long-*")) == []
