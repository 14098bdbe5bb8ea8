"""How-to pages say when they are needed and how to see that they worked; what they name exists.

Commands that need nothing but a running Reckoner are run in tests/e2e/guides. Those of Docker,
which tests/compose runs in part, are checked here by their words.
"""

import re
from dataclasses import fields
from pathlib import Path

import click
import pytest

from compose.local.settings import PREFIX, LocalSettings
from reckoner.cli.__main__ import _COMMANDS, reckoner
from shared.config import Settings
from tests.e2e.guides.page import FOLDERS, ROOT, Command, File, blocks, steps
from tests.unit.reckoner.cli.test_help import command_lines

COMPOSE = (ROOT / "compose/compose.yaml").read_text()
GUIDES = [page for folder in FOLDERS for page in sorted(folder.glob("*.md"))]
HOW_TO = [page for page in GUIDES if page.parent.name == "how-to"]

#: Of `docker compose`, what pages use.
_VERBS = {
    *("up", "down", "stop", "rm", "ps", "logs", "pull", "build", "kill"),
    *("exec", "run", "cp", "version"),
}
_OF_CLIENTS = {"RECKONER_URL", "RECKONER_KEY", "RECKONER_KEY_FILE"}

a_guide = pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)


def shell_lines(page: Path) -> list[str]:
    """Return the commands of a page in whole lines, those that tests run and the others."""
    text = page.read_text()
    typed = "".join(blocks(text, "sh")).replace("\\\n", " ").splitlines()
    run = [step.line for step in steps(text) if isinstance(step, Command)]
    return [*typed, *(line.replace("\\\n", " ") for line in run)]


@pytest.mark.parametrize("page", HOW_TO, ids=lambda page: page.stem)
def test_a_page_says_when_it_is_needed_and_how_to_see_that_it_worked(page):
    text = page.read_text()
    assert re.match(r"# [A-Z][^\n]+\n\n\*\*You need this\*\* ", text)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE)[-1] == "How you see that it worked"


@a_guide
def test_the_settings_that_a_page_names_exist(page):
    known = {f"RECKONER_{field.name.upper()}" for field in fields(Settings)}
    known |= {f"{name}_FILE" for name in known} | {"RECKONER_ENV"} | _OF_CLIENTS
    known |= {f"{PREFIX}{field.name.upper()}" for field in fields(LocalSettings)}
    known |= set(re.findall(r"\$\{(RECKONER_\w+)", COMPOSE))
    assert sorted(set(re.findall(r"RECKONER_[A-Z_]*[A-Z]", page.read_text())) - known) == []


@a_guide
def test_the_services_and_commands_of_docker_compose_that_a_page_names_exist(page):
    services = COMPOSE.partition("\nservices:")[2].partition("\nnetworks:")[0]
    known = set(re.findall(r"^  ([a-z-]+):$", services, re.MULTILINE))
    text = re.sub(r"\\\n *", "", page.read_text())
    for command in re.findall(r"docker compose -f compose/compose.yaml ([^`\n]+)", text):
        command = re.sub(r"^(?:-f [\w-]+\.yaml|--profile metrics|--tail=\d+) ", "", command)
        words = [word for word in re.findall(r"[^\s']+", command) if not word.startswith("-")]
        if words[0] == "…":
            continue
        assert words[0] in _VERBS, command
        if words[0] in {"exec", "run"}:
            named = words[3 if words[1] == "RECKONER_KEY" else 1 :][:1]
        elif words[0] in {"stop", "pull"}:
            named = words[1:]
        else:
            named = []
        assert set(named) <= known, command


@a_guide
def test_the_commands_of_reckoner_on_a_page_parse(page):
    for line in shell_lines(page):
        line = re.sub(r"\bkey (?=create|list|rotate|revoke)", "reckoner key ", line)
        line = re.sub(r"^.*\brun (?:--?[\w-]+ )*(?:reckoner )?(?=reckoner )", "", line)
        for arguments in command_lines(
            re.sub(r"reckoner reckoner|--rm reckoner", "reckoner", line)
        ):
            check_that_it_parses(arguments)


def check_that_it_parses(arguments: list[str]) -> None:
    """Fail unless a command line of `reckoner` has a command and options that exist."""
    words = [word for word in arguments if not word.startswith(("<", ">", "2>"))]
    assert words[0] in _COMMANDS, words
    with click.Context(reckoner) as parent:
        command = reckoner.get_command(parent, words[0])
        if isinstance(command, click.Group):
            words = words[1:]
            command = command.get_command(click.Context(command), words[0])
        assert command is not None, arguments
        command.make_context(words[0], words[1:], parent=parent)


@a_guide
def test_the_scripts_and_targets_that_a_page_names_have_these_options(page):
    upgrade = (ROOT / "compose/upgrade.sh").read_text()
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = page.read_text()
    for option in re.findall(r"compose/upgrade\.sh (--[a-z-]+)", text):
        assert f"{option})" in upgrade or f"{option} " in upgrade, option
    assert set(re.findall(r"`make ([a-z-]+)", text)) <= targets


def test_a_command_that_does_not_exist_is_found():
    for wrong in (["nothing"], ["key", "make", "shop"], ["prune", "--younger-than", "1d"]):
        with pytest.raises((AssertionError, click.UsageError)):
            check_that_it_parses(wrong)


@pytest.mark.parametrize("name", ["prime_factors", "mandelbrot"])
def test_the_function_of_the_page_is_that_of_the_examples(name):
    page = (ROOT / "docs/how-to/add-a-function.md").read_text()
    files = [step for step in steps(page) if isinstance(step, File)]
    [text] = [file.text for file in files if file.path == f"{name}.py"]
    example = (ROOT / f"docs/examples/reckoner_examples/{name}.py").read_text()
    body = text.partition(f"def {name}(")[2]
    assert body.strip()
    assert body in example
