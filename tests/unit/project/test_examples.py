"""The page of docs/examples names all of them, and counts their lines rightly."""

import ast
import re
import tomllib
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "docs/examples"
PAGE = (FOLDER / "README.md").read_text()
MODULES = {path.stem: path for path in (FOLDER / "reckoner_examples").glob("[!_]*.py")}


def lines_of_code(source: str) -> int:
    """Count lines without docstrings, comments and empty ones."""
    documented = (ast.Module, ast.FunctionDef, ast.ClassDef)
    described: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            described |= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    lines = enumerate(source.splitlines(), 1)
    return sum(
        number not in described and bool(line.strip()) and not line.strip().startswith("#")
        for number, line in lines
    )


def test_each_example_is_an_entry_point_has_a_test_and_is_on_the_page():
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text())["project"]
    expected = {name: f"reckoner_examples.{name}:{name}" for name in MODULES}
    assert project["entry-points"]["reckoner.functions"] == expected
    tests = {path.stem.removeprefix("test_") for path in (FOLDER / "tests").glob("test_*.py")}
    assert tests == set(MODULES)
    assert set(re.findall(r"^\| \[(\w+)\]", PAGE, re.MULTILINE)) == set(MODULES)


def test_the_lines_of_the_examples_are_counted_rightly():
    counted = re.findall(r"^\| [^|]+ \| (\w+) \| (\d+) \|$", PAGE, re.MULTILINE)
    found = {name: lines_of_code(path.read_text()) for name, path in MODULES.items()}
    assert {name: int(lines) for name, lines in counted} == found
