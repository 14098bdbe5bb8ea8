"""docs/explanation/security.md names settings, commands, routes and problems that exist."""

import re
from dataclasses import fields
from pathlib import Path

import click
import pytest

from compose.local.settings import PREFIX, LocalSettings
from reckoner.cli.__main__ import reckoner
from shared.config import Settings

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs/explanation/security.md").read_text()
PROBLEMS_PAGE = (ROOT / "docs/reference/problems.md").read_text()
COMPOSE = (ROOT / "compose/compose.yaml").read_text()


def test_the_settings_that_it_names_exist():
    known = {f"RECKONER_{field.name.upper()}" for field in fields(Settings)}
    known |= {f"{name}_FILE" for name in known}
    known |= {f"{PREFIX}{field.name.upper()}" for field in fields(LocalSettings)}
    known |= set(re.findall(r"\$\{(RECKONER_\w+)", COMPOSE))
    named = set(re.findall(r"RECKONER_\w+", PAGE))
    assert len(named) > 10
    assert sorted(named - known) == []


def test_the_commands_and_options_of_keys_that_it_names_exist():
    context = click.Context(reckoner)
    key = reckoner.get_command(context, "key")
    assert isinstance(key, click.Group)
    named = re.findall(r"reckoner key (\w+)([^`]*)", PAGE)
    assert {name for name, _ in named} >= {"create", "list", "revoke"}
    for name, rest in named:
        command = key.get_command(context, name)
        assert command is not None, name
        options = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", rest)) <= options


@pytest.mark.parametrize("name", ["make", "docker compose"])
def test_the_targets_and_services_that_it_names_exist(name):
    if name == "make":
        existing = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
        named = set(re.findall(r"`make ([a-z-]+)`", PAGE))
    else:
        services = COMPOSE.partition("\nservices:")[2].partition("\nnetworks:")[0]
        existing = set(re.findall(r"^  ([a-z]+):$", services, re.MULTILINE))
        named = set(re.findall(r"(?:exec|run --rm) ([a-z]+)", PAGE))
    assert named
    assert sorted(named - existing) == []


def test_the_problems_and_the_status_codes_that_it_names_exist():
    for status, problem in re.findall(r"(4\d\d|503) `([a-z-]+)`", PAGE):
        assert re.search(rf"^\| {status} \|.*`{problem}`", PROBLEMS_PAGE, re.MULTILINE), problem


def test_no_command_of_its_takes_a_key():
    """What is in a command line can be read by every user of the machine."""
    assert re.findall(r"`curl [^`]*Bearer[^`]*`", PAGE) == []
