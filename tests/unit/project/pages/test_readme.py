"""The README is short, says what it must, and has no figure of its own."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from compose.local.settings import LocalSettings
from reckoner.cli.__main__ import reckoner

ROOT = Path(__file__).parents[4]
README = (ROOT / "README.md").read_text()
BENCHMARKS = (ROOT / "docs/benchmarks.md").read_text()


def section(title):
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_it_has_at_most_two_hundred_lines():
    assert len(README.splitlines()) <= 200


@pytest.mark.parametrize(
    "words",
    [
        "make up",
        "make test",
        "reckoner run fibonacci",
        "curl -s localhost:8080/calculations -H 'Content-Type: application/json' -d",
        "curl -s localhost:8080/calculations/c1528b0d",
        "make worker LANE=heavy",
        "RECKONER_HEAVY_REPLICAS",
        "dramatiq workers.app:heavy",
        "RabbitMQ's management UI",
        "cat broker-admin/password",
    ],
)
def test_it_shows_how_to_start_to_submit_to_look_up_to_scale_and_to_see_queues(words):
    assert words in README


def test_its_addresses_are_those_of_make_up():
    settings = LocalSettings()
    ports = set(re.findall(r"localhost:(\d+)", README))
    assert ports == {str(settings.port), str(settings.management_port), "15672"}


def test_its_figures_are_those_of_the_benchmark():
    rows = [row for row in section("How fast it is").splitlines() if row.startswith("| ")][1:]
    found = [
        number for row in rows for number in re.findall(r"\d[\d,]*\.?\d*(?= ?(?:/s|ms|s\b))", row)
    ]
    assert len(found) >= 10
    published = set(re.findall(r"\d[\d,]*\.?\d*", BENCHMARKS))
    assert [number for number in found if number not in published] == []


def test_it_compares_with_the_four_that_people_know():
    rows = re.findall(r"^\| \[(\w+)\]\(https://", section("Is it what you need?"), re.MULTILINE)
    assert rows == ["Celery", "Dramatiq", "Procrastinate", "Temporal"]


def test_its_function_is_that_of_new_function(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(reckoner, ["new-function", "squares"]).exit_code == 0
    written = (tmp_path / "squares/squares.py").read_text()
    [shown] = re.findall(r"^```python squares\.py\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    lines = [line.strip().removesuffix('"""') for line in shown.splitlines()]
    assert len(lines) <= 8
    assert [line for line in lines if line not in written] == []
