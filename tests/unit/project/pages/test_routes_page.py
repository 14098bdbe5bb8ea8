"""docs/reference/routes.md is what the description of the API says; the page on it names all."""

import re

from gateway.description.api import all_operations
from shared.functions.registry import load_registry
from shared.keys.scope import Scope
from tests.documents.parts import ROOT
from tests.documents.routes import PAGE, routes_page

API_PAGE = (ROOT / "docs/reference/api.md").read_text()


def test_the_page_is_up_to_date():
    assert PAGE.read_text() == routes_page(), "Run: make documents"


def test_it_has_each_operation_with_its_parameters_and_problems():
    sections = dict(
        re.findall(r"^### (.+?)\n(.*?)(?=^##|\Z)", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    )
    operations = all_operations(load_registry())
    assert set(sections) == {f"{one.method} {one.path}" for one in operations}
    for one in operations:
        text = sections[f"{one.method} {one.path}"]
        rows = set(re.findall(r"^\| `([\w-]+)` \| (?:path|query|header) ", text, re.MULTILINE))
        assert rows == set(one.parameters), text
        assert set(map(str, one.answers)) <= set(
            re.findall(r"^\| (\d{3}) \|", text, re.MULTILINE)
        ), text


def test_the_table_of_the_api_has_each_path_and_method():
    table = API_PAGE.partition("| route |")[2].partition("\n\n")[0]
    cells = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    shown = set()
    for cell in cells:
        methods = re.findall(r"\b(GET|POST|DELETE)\b", cell)
        for path in re.findall(r"(/[^ `,]*)", cell):
            shown |= {(method, path.replace("{id}", "{calculation_id}")) for method in methods}
    operations = all_operations(load_registry())
    described = {(one.method, one.path) for one in operations if one.method != "HEAD"}
    assert described - shown == set()
    assert shown - described == set()


def test_the_table_of_scopes_has_the_routes_of_each():
    rows = dict(re.findall(r"^\| `(\w+)` \| (`(?:GET|POST|DELETE) .+) \|$", API_PAGE, re.MULTILINE))
    assert list(rows) == list(Scope)
    for scope, cell in rows.items():
        method, shown = "", set()
        for text in re.findall(r"`([^`]+)`", cell):
            method = text.split()[0] if " " in text else method
            shown.add((method, text.split()[-1].replace("{id}", "{calculation_id}")))
        operations = [one for one in all_operations(load_registry()) if one.method != "HEAD"]
        assert shown == {(one.method, one.path) for one in operations if one.scope == scope}
