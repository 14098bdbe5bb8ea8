"""Commands for operators, on a whole Reckoner: `reckoner doctor` and `reckoner system`."""

import json
import subprocess
import sys

import pytest

from tests.eventually import eventually

pytestmark = pytest.mark.slow

_RECKONER = "from reckoner.cli.__main__ import main; main()"


@pytest.fixture
def reckoner(stack):
    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-c", _RECKONER, *arguments],
            env={**stack.environment, "RECKONER_URL": stack.url},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def findings(ended):
    return json.loads(ended.stdout)["findings"]


def is_expected(finding):
    """The Reckoner of these tests has functions that are faulty, as others do not."""
    return finding["level"] != "fault" or "function" in finding["detail"]


def test_the_doctor_finds_nothing_but_the_functions_that_are_faulty(reckoner):
    def is_calm():
        return all(map(is_expected, findings(reckoner("doctor", "-o", "json"))))

    eventually(is_calm, within_seconds=60, what="only the faults of functions")
    ended = reckoner("doctor", "-o", "json")
    assert ended.returncode == 1
    assert ended.stderr == "There are faults. Correct them and run this again.\n"
    found = findings(ended)
    well = {one["check"] for one in found if one["level"] == "ok"}
    assert well >= {"PostgreSQL", "Schema and rights", "RabbitMQ", "Service", "Relays", "Workers"}
    assert any("left out the function" in one["detail"] for one in found)


def test_the_system_is_shown_for_people_and_for_programs(reckoner):
    shown = reckoner("system")
    assert (shown.returncode, shown.stderr) == (0, "")
    lines = shown.stdout.splitlines()
    assert lines[0].startswith("quick    ")
    assert "queued" in lines[0]
    for word in ("outbox", "finished", "stored", "relay", "heavy"):
        assert any(line.startswith(word) for line in lines)
    document = json.loads(reckoner("system", "-o", "json").stdout)
    assert set(document["lanes"]) == {"quick", "heavy"}
    assert {worker["lane"] for worker in document["workers"]} == {"quick", "heavy"}
