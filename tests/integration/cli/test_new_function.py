"""`reckoner new-function`: what it writes works, and what it refuses is said in a sentence."""

import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reckoner.cli.__main__ import reckoner


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def new_function(name: str) -> Result:
    return CliRunner().invoke(reckoner, ["new-function", name])


def test_it_writes_the_function_its_test_its_settings_and_a_readme(here):
    done = new_function("sum_of_squares")
    assert done.exit_code == 0, done.output
    written = {str(path.relative_to(here)) for path in here.rglob("*") if path.is_file()}
    assert written == {
        "sum_of_squares/sum_of_squares.py",
        "sum_of_squares/tests/test_sum_of_squares.py",
        "sum_of_squares/pyproject.toml",
        "sum_of_squares/README.md",
    }
    assert all("$" not in path.read_text() for path in here.rglob("*") if path.is_file())
    assert len((here / "sum_of_squares/README.md").read_text().splitlines()) <= 12


def test_its_package_needs_reckoner_by_the_name_of_the_distribution(here):
    new_function("sum_of_squares")
    project = tomllib.loads((here / "sum_of_squares/pyproject.toml").read_text())["project"]
    assert project["dependencies"] == ["reckoner-service"]
    assert project["entry-points"] == {
        "reckoner.functions": {"sum_of_squares": "sum_of_squares:sum_of_squares"}
    }


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Sum", "lower-case letters, digits and underscores"),
        ("my-function", "for example my_function"),
        ("2nd", "beginning with a letter"),
        ("größe", "lower-case letters"),
        ("../up", "lower-case letters"),
        ("x" * 65, "up to 64"),
        ("lambda", "a word of Python"),
        ("sum", "a word of Python"),
        ("random", "standard library"),
        ("json", "standard library"),
        ("shared", "a package of Reckoner"),
        ("reckoner", "a package of Reckoner"),
        ("function", "means something else"),
        ("test_it", "means something else"),
        ("click", "installed already"),
    ],
)
def test_a_name_that_would_collide_is_refused_in_a_sentence(here, name, words):
    done = new_function(name)
    assert done.exit_code == 2
    assert words in done.output
    assert list(here.iterdir()) == []


def test_an_existing_folder_is_left_as_it_is(here):
    (here / "primes").mkdir()
    (here / "primes" / "mine.txt").write_text("mine")
    done = new_function("primes")
    assert (done.exit_code, "already something called primes" in done.output) == (2, True)
    assert [path.name for path in (here / "primes").iterdir()] == ["mine.txt"]


def test_a_folder_that_cannot_be_written_is_named_in_a_sentence(here, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    done = new_function("primes")
    assert (done.exit_code, "Permission denied" in done.output) == (2, True)
