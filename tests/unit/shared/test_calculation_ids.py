"""docs/calculation-ids.json: examples of ids, for other programs to be tested with."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from shared.calculation import calculation_id
from tests.unit.shared.functions.identified import FUNCTIONS

_HERE = Path(__file__).parent
_EXAMPLES = _HERE.parents[2] / "docs" / "calculation-ids.json"
VECTORS: list[dict[str, Any]] = json.loads(_EXAMPLES.read_text())
of_each_vector = pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["shows"])


@of_each_vector
def test_the_service_has_the_text_and_id_of_each_example(vector):
    function = FUNCTIONS[vector["function"]]
    assert function.version == vector["version"]
    assert _without_descriptions(function.arguments_schema) == vector["schema"]
    bound = function.bind(json.loads(vector["arguments"]))
    assert bound.text == vector["canonical"]
    assert calculation_id(function.name, function.version, bound.text) == UUID(vector["id"])


def _without_descriptions(schema):
    schema = json.loads(json.dumps(schema))
    for rules in schema["properties"].values():
        rules.pop("description", None)
    return schema


@of_each_vector
def test_the_canonical_text_means_the_same_arguments(vector):
    function = FUNCTIONS[vector["function"]]
    bound = function.bind(json.loads(vector["arguments"]))
    assert function.bind(json.loads(bound.text)) == bound  # a client may submit what it was shown
    assert function.bind_text(bound.text) == bound  # so does a worker
    assert repr(function.bind_text(bound.text)) == repr(bound)  # 0.0 and -0.0 are equal


@pytest.fixture(scope="module")
def by_javascript():
    """Return the texts and ids that a program in JavaScript has made, by what they show."""
    calls = [
        [one["function"], one["version"], json.dumps(one["schema"]), one["arguments"]]
        for one in VECTORS
    ]
    ended = subprocess.run(
        [sys.executable, _HERE / "run_javascript.py", _HERE / "calculation_id.js", "calculationId"],
        input="\n".join(map(json.dumps, calls)),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    made = map(json.loads, ended.stdout.splitlines())
    return dict(zip((one["shows"] for one in VECTORS), made, strict=True))


@of_each_vector
def test_a_javascript_client_has_the_text_and_id_of_each_example(vector, by_javascript):
    assert by_javascript[vector["shows"]] == {
        "arguments": vector["canonical"],
        "id": vector["id"],
    }


def test_examples_that_differ_in_their_spelling_alone_share_an_id():
    ids: dict[tuple[str, str], set[str]] = {}
    for vector in VECTORS:
        ids.setdefault((vector["function"], vector["canonical"]), set()).add(vector["id"])
    assert len(VECTORS) > len(ids) > 30
    assert all(len(same) == 1 for same in ids.values())
    assert len({vector["id"] for vector in VECTORS}) == len(ids)
