"""Documents as JSON: exact, in ASCII, members in their order."""

import json

import pytest

from reckoner.cli.output.forms import Form, Series
from reckoner.cli.output.json_output import json_line, json_lines

DOCUMENT = {
    "id": "x",
    "arguments": {"n": 10**5000, "b": 1e-7, "a": [1, {"c": 5.0}]},
    "result": {"value": {"b": 1, "a": "é"}, "digits": None},
    "history": [{"attempt": 1}, {"attempt": 2}],
    "empty": {},
}


def test_a_line_has_the_members_in_their_order_and_canonical_arguments():
    line = json_line(DOCUMENT)
    assert line.isascii()
    assert "\n" not in line
    assert line.startswith('{"id":"x","arguments":{"a":[1,{"c":5}],"b":1e-7,"n":1000')
    assert '{"a":"\\u00e9","b":1}' in line


def test_the_lines_stand_for_the_same_and_leave_arguments_on_one():
    small = {**DOCUMENT, "arguments": {"n": 5, "a": [1, {"c": 2}]}}
    text = json_lines(small)
    assert json.loads(text) == small
    assert '\n  "arguments": {"a":[1,{"c":2}],"n":5},\n' in text
    assert '\n    "value": {"a":"\\u00e9","b":1},\n' in text
    assert '\n  "empty": {}\n}' in text


def test_the_schema_of_arguments_is_on_lines_of_its_own():
    text = json_lines({"arguments": {"properties": {"n": {"default": 5, "type": "integer"}}}})
    assert text.count("\n") > 5
    assert json.loads(text)["arguments"]["properties"]["n"]["default"] == 5


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_series_is_a_whole_array(capsys, count):
    series = Series(Form.JSON)
    for number in range(count):
        series.add({"n": number, "of": [{"a": 1}]})
    series.end()
    found = json.loads(capsys.readouterr().out)
    assert [one["n"] for one in found] == list(range(count))


def test_a_series_that_broke_off_is_no_json(capsys):
    series = Series(Form.JSON)
    series.add({"n": 1})
    with pytest.raises(json.JSONDecodeError):
        json.loads(capsys.readouterr().out)
