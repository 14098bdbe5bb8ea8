"""Ids without a request: they are those of docs/calculation-ids.json, and the service's own."""

import json
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from reckoner.client import NotFound, calculation_id
from reckoner.client.documents.function import function_from
from reckoner.client.identity.calculation_id import arguments_text
from reckoner.client.operations.catalogue import identify
from reckoner.client.values.json_text import read_json
from shared.calculation import calculation_id as id_of_service
from tests.unit.reckoner.client.playing import answer, problem, service
from tests.unit.shared.functions.identified import FUNCTIONS
from tests.unit.shared.test_calculation_ids import VECTORS

of_each_vector = pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["shows"])


@of_each_vector
def test_with_the_schema_the_client_has_the_text_and_id_of_each_example(vector):
    given = read_json(vector["arguments"])
    assert arguments_text(given, vector["schema"]) == vector["canonical"]
    found = calculation_id(vector["function"], vector["version"], given, vector["schema"])
    assert found == UUID(vector["id"])


@of_each_vector
def test_without_a_schema_the_arguments_of_a_document_have_the_id(vector):
    complete = json.loads(vector["canonical"])
    assert calculation_id(vector["function"], vector["version"], complete) == UUID(vector["id"])


ORDER = FUNCTIONS["order"]
LEG = {"strike": 100}


@pytest.mark.parametrize(
    "arguments",
    [
        {"legs": [LEG], "day": date(2026, 11, 26), "account": UUID(int=77)},
        {"legs": (LEG,), "day": "2026-11-26", "at": datetime(2026, 11, 26, 10, tzinfo=UTC)},
        {"legs": [], "day": "2026-11-26", "account": "633C8518213A513BA7E093F891953E0D"},
        {"legs": [], "day": "2026-11-26", "span": [1, 2]},
    ],
)
def test_values_of_python_have_the_id_that_the_service_gives(arguments):
    sent = json.loads(json.dumps(arguments, default=str))
    bound = ORDER.bind(sent)
    expected = id_of_service(ORDER.name, ORDER.version, bound.text)
    assert calculation_id(ORDER.name, ORDER.version, arguments, ORDER.arguments_schema) == expected


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("integer", {}, "/n is missing"),
        ("integer", {"n": 1, "m": 2}, "/m is no argument"),
        ("integer", {"n": 5.0}, "/n must be an integer"),
        ("order", {"legs": [{}], "day": "2026-11-26"}, "/legs/0/strike is missing"),
        ("order", {"legs": [{"strike": 1, "x": 2}], "day": ""}, "/legs/0/x is no argument"),
        ("fraction", {"x": 2**53 + 1}, "/x is an integer that no number"),
        ("fraction", {"x": 10**400}, "/x is too large"),
    ],
)
def test_arguments_that_the_schema_cannot_mean_have_no_id(name, arguments, words):
    function = FUNCTIONS[name]
    with pytest.raises(ValueError, match=words):
        calculation_id(name, function.version, arguments, function.arguments_schema)


def described(version=3):
    return {
        "name": "defaults",
        "version": version,
        "arguments": {
            "type": "object",
            "properties": {"n": {"type": "integer"}, "scale": {"default": 1.0, "type": "number"}},
            "required": ["n"],
        },
        "result": {"kind": "json", "media_type": "application/json"},
    }


COMPLETE = calculation_id("defaults", 3, {"n": 1, "scale": 1})


def test_the_function_is_asked_for_once(player):
    player.answers = iter([answer(described())])
    asked = service()
    for _ in range(3):
        assert player.play(identify(asked, "defaults", {"n": 1}, None)) == COMPLETE
    assert [call.path for call in player.calls] == ["/functions/defaults"]


def test_nothing_is_asked_with_a_function_or_a_version(player):
    function = function_from(described())
    assert player.play(identify(service(), function, {"n": 1}, None)) == COMPLETE
    complete = {"n": 1, "scale": 1}
    assert player.play(identify(service(), "defaults", complete, 3)) == COMPLETE
    assert player.calls == []


def test_a_name_is_quoted_in_the_path(player):
    player.answers = iter([problem(404, "function-not-found")])
    with pytest.raises(NotFound):
        player.play(identify(service(), "../a b?", {}, None))
    assert player.calls[0].path == "/functions/%2E%2E%2Fa%20b%3F"
