"""`reckoner system`: the state on a few lines, and answers that are not Reckoner's."""

from typing import Any

import pytest

from reckoner.cli.exit_status import CommandFailed, ExitStatus
from reckoner.cli.operating.system import system_text


def relay_lines(*relays: dict[str, Any]) -> list[str]:
    document = {
        "lanes": {},
        "outbox": {"depth": 0, "age_seconds": 0.0},
        "relays": [{"host": "a", "problems": {}, **relay} for relay in relays],
        "workers": [],
        "finished_last_minute": {},
    }
    return [line for line in system_text(document).splitlines() if line.startswith("relay")]


def test_a_silent_relay_does_not_look_like_one_that_works():
    assert relay_lines({"pid": 1, "silent_seconds": 3.2}, {"pid": 2, "silent_seconds": 45.4}) == [
        "relay    a pid 1",
        "relay    a pid 2 silent for 45 s",
    ]


def test_problems_of_a_relay_are_on_its_line():
    (line,) = relay_lines({"pid": 1, "silent_seconds": 60, "problems": {"quick": "No queue."}})
    assert line == "relay    a pid 1 silent for 60 s; quick: No queue."


def test_what_is_wrong_comes_last_with_what_to_do():
    problem = {"severity": "fault", "text": "No relay is alive.", "remedy": "Start one."}
    document = {
        "lanes": {},
        "outbox": {"depth": 0, "age_seconds": 0.0},
        "relays": [],
        "workers": [],
        "finished_last_minute": {},
        "problems": [problem],
    }
    lines = system_text(document).splitlines()
    assert lines[-2:] == ["", "fault    No relay is alive. Start one."]
    assert system_text({**document, "problems": []}).splitlines()[-1] == "no worker"


@pytest.mark.parametrize("document", [{}, {"lanes": {"quick": {}}}, {"lanes": []}])
def test_a_document_of_another_form_is_a_sentence(document):
    with pytest.raises(CommandFailed, match="of an unknown form") as failure:
        system_text(document)
    assert failure.value.status is ExitStatus.UNREACHABLE
