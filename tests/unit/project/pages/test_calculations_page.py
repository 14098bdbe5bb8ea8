"""docs/reference/calculations.md has every status, lane, outcome and member of a document."""

import json
import re
import uuid
from pathlib import Path

import jsonschema

from gateway.description.api import describe_api
from gateway.http.document import encode_document
from shared.calculation import NAMESPACE, Lane, Status, is_final
from shared.functions.registry import load_registry
from tests.factories import make_row
from tests.unit.gateway.description.conftest import make_settings
from workers.sandbox import exit_reasons

PAGE = (Path(__file__).parents[4] / "docs/reference/calculations.md").read_text()


def section(title):
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def first_cells(text):
    cells = re.findall(r"^\| (`.+?`) \|", text, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([\w-]+)`", cell)]


def test_its_statuses_are_those_of_the_code_and_say_which_are_final():
    text = section("Statuses")
    assert first_cells(text) == list(Status)
    for status in Status:
        [row] = re.findall(rf"^\| `{status}` .*$", text, re.MULTILINE)
        assert ("final" in row) == is_final(status)


def test_its_picture_has_all_statuses():
    picture = section("Statuses").partition("```mermaid")[2].partition("```")[0]
    drawn = set(re.findall(r"\b[a-z]+\b(?= -->|:|$)", picture, re.MULTILINE))
    assert set(Status) <= drawn


def test_its_lanes_are_those_of_the_code():
    assert first_cells(section("Lanes")) == list(Lane)


def test_its_outcomes_are_those_of_the_code():
    """The others are types of problems."""
    of_processes = {
        getattr(exit_reasons, name)
        for name in ("KILLED", "CRASHED", "OUT_OF_MEMORY", "NOT_STARTED")
    }
    of_claims = {"succeeded", "cancelled", "released", "lost"}
    assert set(first_cells(section("Attempts"))) == of_processes | of_claims


def test_it_has_each_member_of_a_document_and_of_a_result():
    document = json.loads(encode_document(make_row()))
    shown = first_cells(section("The document"))
    schemas = describe_api(make_settings(), load_registry())["components"]["schemas"]
    described = {*schemas["Calculation"]["properties"], *schemas["Result"]["properties"]}
    assert set(shown) == set(document) | described


def test_its_example_is_a_document_with_the_members_in_their_order():
    [block] = re.findall(r"```json\n(.*?)```", section("The document"), re.DOTALL)
    example = json.loads(block)
    made = json.loads(encode_document(make_row()))
    assert list(example) == list(made)
    schemas = describe_api(make_settings(), load_registry())["components"]
    whole = {**schemas["schemas"]["Calculation"], "components": schemas}
    jsonschema.Draft202012Validator(whole).validate(example)
    text = json.dumps(example["arguments"], separators=(",", ":"))
    name = f"{example['function']}/{example['version']}/{text}"
    assert example["id"] == str(uuid.uuid5(NAMESPACE, name))


def test_the_code_that_makes_an_id_prints_what_it_says(capsys):
    [code] = re.findall(r"```python\n(.*?)```", section("The id"), re.DOTALL)
    exec(code, {})  # noqa: S102
    assert capsys.readouterr().out.strip() == code.rpartition("# ")[2].strip()
