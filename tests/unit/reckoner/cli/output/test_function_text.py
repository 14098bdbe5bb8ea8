"""What `reckoner functions NAME` shows of a function."""

import shlex

from reckoner.cli.output.function_text import function_text

_SQUARES = {
    "name": "squares",
    "version": 2,
    "summary": "The sum of squares.",
    "arguments": {"properties": {"n": {"type": "integer", "minimum": 1}}, "required": ["n"]},
    "result": {"kind": "json", "media_type": "application/json"},
}


def test_the_package_that_brings_it_is_shown():
    text = function_text({**_SQUARES, "package": {"name": "numbers\x1b[2J", "version": "1.2"}})
    assert "\nPackage: numbers\\x1b[2J 1.2\n" in text


def test_each_example_is_a_command_line_that_runs_it():
    examples = [{"n": 2**70}, {"text": "it's; rm -rf $HOME"}]
    text = function_text({**_SQUARES, "examples": examples})
    lines = text.partition("\nExamples:\n")[2].splitlines()
    assert [shlex.split(line) for line in lines] == [
        ["reckoner", "run", "squares", '{"n":1180591620717411303424}'],
        ["reckoner", "run", "squares", '{"text":"it\'s; rm -rf $HOME"}'],
    ]


def test_a_service_that_does_not_say_them_is_understood():
    text = function_text(_SQUARES)
    assert text.startswith("squares (version 2)\n  The sum of squares.\n")
    assert "Package" not in text
    assert "Examples" not in text
    assert "Package" not in function_text({**_SQUARES, "package": None, "examples": []})
