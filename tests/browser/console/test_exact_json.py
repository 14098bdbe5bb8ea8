"""Integers on the page have all their digits."""

import json

import pytest

from tests.browser.console.modules import run

pytestmark = pytest.mark.slow

TEXTS = [
    "9007199254740993",
    "-9007199254740993",
    "123456789012345678901234567890",
    '{"a":[9007199254740993,1,-0.5,"9007199254740993",null,true],"b":{"c":18446744073709551617}}',
    "9007199254740991",
    "0.1234567890123456",
    '"12345678901234567890"',
]


@pytest.fixture
def console(page, service):
    page.goto(service.url + "/console/nowhere")
    page.wait_for_selector("main h1")
    return page


def test_what_is_read_is_written_again_as_it_was(console):
    script = """
    const { parseJson, toJson } = await use("core/json.js");
    return argument.map((text) => toJson(parseJson(text)));
    """
    assert run(console, script, TEXTS) == TEXTS


def test_only_what_a_number_would_round_is_a_bigint(console):
    script = """
    const { parseJson } = await use("core/json.js");
    return argument.map((text) => typeof parseJson(text));
    """
    texts = ["9007199254740991", "9007199254740992", "-9007199254740993", "1e300", "0.5"]
    assert run(console, script, texts) == ["number", "bigint", "bigint", "number", "number"]


def test_a_browser_that_would_round_says_so(console):
    script = """
    const { parseJson } = await use("core/json.js");
    const parse = JSON.parse;
    // As browsers did before they showed the source of a value.
    JSON.parse = (text, reviver) =>
      reviver ? parse(text, (key, value) => reviver(key, value)) : parse(text);
    try {
      return [parseJson("5"), parseJson("9007199254740993")];
    } catch (error) {
      return error.message;
    } finally {
      JSON.parse = parse;
    }
    """
    assert "cannot read long integers exactly" in run(console, script)


def test_numbers_are_shown_in_words(console):
    script = """
    const f = await use("core/format.js");
    return [
      f.bytes(0), f.bytes(1), f.bytes(1536), f.bytes(5 * 1024 ** 3), f.bytes(null),
      f.seconds(0), f.seconds(0.0042), f.seconds(0.25), f.seconds(75), f.seconds(7260),
      f.count(1234567), f.count(12345678901234567890n),
      f.percent(0.4251), f.percent(0.004), f.percent(0.999), f.percent(1),
      f.shortId("0123456789ab"),
      f.argumentsText({ n: 9007199254740993n, text: "a" }),
      f.argumentsText({ text: "x".repeat(100) }, 20),
    ];
    """
    assert run(console, script) == [
        *("0 bytes", "1 byte", "1.50 KiB", "5.00 GiB", "–"),
        *("0 s", "4.2 ms", "250 ms", "1 min 15 s", "2 h 1 min"),
        *("1,234,567", "12,345,678,901,234,567,890"),
        *("42 %", "0.4 %", "99 %", "100 %"),
        "01234567",
        'n = 9007199254740993, text = "a"',
        'text = "xxxxxxxxxxx…',
    ]


def test_members_of_any_name_come_through_a_form(console):
    script = """
    const { draftOf, fits } = await use("pages/new/draft.js");
    const { readDraft } = await use("pages/new/reading.js");
    const schema = JSON.parse(argument);
    const value = JSON.parse('{"__proto__": 7, "constructor": 8}');
    const faults = [];
    const found = readDraft(draftOf(value, schema, schema), schema, schema, "", faults);
    return [JSON.stringify(found), faults, fits({}, schema, schema)];
    """
    integer = {"type": "integer"}
    names = ["__proto__", "constructor"]
    schema = {"type": "object", "properties": dict.fromkeys(names, integer), "required": names}
    found, faults, fits = run(console, script, json.dumps(schema))
    assert (json.loads(found), faults, fits) == ({"__proto__": 7, "constructor": 8}, [], False)
