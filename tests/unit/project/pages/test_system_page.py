"""docs/reference/system.md has every member of the answers of /system and its history."""

import re
from pathlib import Path

import pytest

from gateway.description.api import describe_api
from shared.functions.registry import load_registry
from tests.unit.gateway.description.conftest import make_settings

PAGE = (Path(__file__).parents[4] / "docs/reference/system.md").read_text()

_PARTS = {
    "Readiness": ["Readiness", "FunctionProblem"],
    "The state": [
        *("System", "LaneState", "RelayState", "WorkerState", "Run", "ServiceProblem"),
        *("Admission", "QueueLimits", "QueuedWork", "Storage", "FailureCount"),
    ],
    "History": ["History", "LaneHistory"],
    "Dead letters": ["Redrive"],
}


def members_of(schema):
    """Yield the members of an object, and of objects in it that have no name of their own."""
    for name, member in schema.get("properties", {}).items():
        yield name
        yield from members_of(member)


@pytest.mark.parametrize("title", _PARTS)
def test_each_member_is_in_its_section(title):
    section = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    named = set(re.findall(r"`\"?([\w]+)\"?`|\"(\w+)\"", section))
    words = {word for pair in named for word in pair}
    schemas = describe_api(make_settings(), load_registry())["components"]["schemas"]
    members = {member for name in _PARTS[title] for member in members_of(schemas[name])}
    assert sorted(members - words) == []
