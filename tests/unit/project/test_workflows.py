"""What GitHub is told to do: the same as .ci/run, with few rights and nothing that can change."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def test_a_workflow_runs_what_ci_runs():
    wanted = re.findall(r"^make .+$", (ROOT / ".ci/run").read_text(), re.MULTILINE)
    workflow = (ROOT / ".github/workflows/tests.yml").read_text()
    assert wanted
    assert re.findall(r"^      - run: (make .+)$", workflow, re.MULTILINE) == wanted


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_a_workflow_may_read_only_and_ends(file):
    text = file.read_text()
    assert re.findall(r"permissions:.*(?:\n .*)*", text) == ["permissions:\n  contents: read"]
    jobs = re.findall(r"^    runs-on:", text, re.MULTILINE)
    limits = re.findall(r"^    timeout-minutes: (\d+)$", text, re.MULTILINE)
    assert len(jobs) == len(limits)
    assert all(int(minutes) <= 60 for minutes in limits)


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_each_action_of_a_workflow_is_a_certain_commit(file):
    used = re.findall(r"uses: (\S+)(.*)", file.read_text())
    assert used
    for action, comment in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action)
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment)


def test_updates_are_looked_for_where_there_is_something():
    updates = re.findall(
        r"package-ecosystem: (\S+)\n    directory: /(\S*)",
        (ROOT / ".github/dependabot.yml").read_text(),
    )
    files = {
        "pip": "requirements.txt",
        "docker": "Dockerfile",
        "docker-compose": "compose.yaml",
        "github-actions": ".github/workflows/tests.yml",
    }
    assert {kind for kind, _ in updates} == set(files)
    for kind, folder in updates:
        assert (ROOT / folder / files[kind]).exists()
