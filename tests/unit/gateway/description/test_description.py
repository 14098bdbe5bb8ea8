"""The description is valid, and says what the code does."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway.access.scopes import needed_scope
from gateway.app import create_app
from gateway.description.api import describe_api
from gateway.description.submissions import submission_examples
from reckoner import Len, function
from shared.calculation import calculation_id
from shared.failures import FAILURE_REASONS, PROBLEM_PREFIX
from shared.functions.registry import Registry, load_registry
from tests.unit.gateway.description.conftest import make_settings

ROOT = Path(__file__).parents[4]


def validator(description, schema):
    """Return a validator of a schema of the description, which may refer to others of it."""
    whole = {**schema, "components": description["components"]}
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    return jsonschema.Draft202012Validator(whole, format_checker=checker)


def follow(description, value):
    while "$ref" in value:
        found = description
        for name in value["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        value = found
    return value


def operations(description):
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def routes():
    """Return each path of the application with its resource."""
    app = create_app(make_settings(), load_registry())
    nodes = [*app._router._roots]
    while nodes:
        node = nodes.pop()
        nodes += node.children
        if node.resource is not None:
            methods = {
                method
                for method in node.method_map or {}
                if hasattr(node.resource, f"on_{method.lower()}")
            }
            # OpenAPI has no word for a parameter that may have slashes.
            yield (node.uri_template or "").replace(":path}", "}"), node.resource, methods


def test_it_is_valid_openapi(description):
    assert description["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(description).validate()


def test_no_sentence_becomes_a_numbered_list(description):
    # A line that begins with "524288." is the item of a list in Markdown.
    assert not re.search(r"^\s*\d+[.)](\s|$)", description["info"]["description"], re.MULTILINE)


def test_its_paths_and_methods_are_those_of_the_application(description):
    described = {(path, method) for path, method, _ in operations(description)}
    existing = {(path, method) for path, _, methods in routes() for method in methods}
    # HEAD is as GET, which the description says once; that of a result has a use of its own.
    assert described - {("/calculations/{calculation_id}/result", "HEAD")} == {
        one for one in existing if one[1] != "HEAD"
    }
    with_head = {path for path, method in existing if method == "HEAD"}
    assert with_head == {path for path, method in existing if method == "GET"} - {"/calculate/{n}"}


def test_each_operation_names_the_scope_that_its_route_needs(description):
    resources = {path: resource for path, resource, _ in routes()}
    on = describe_api(make_settings(keys="on"), load_registry())
    for path, method, operation in operations(on):
        scope = needed_scope(resources[path], method)
        ways = [] if scope is None else [{"key": [scope]}, {"session": [scope]}]
        assert operation["security"] == ways, (method, path)
        open_ways = description["paths"][path][method.lower()]["security"]
        assert open_ways == ([{}, *ways] if ways else [])


def test_the_query_parameters_of_each_route_are_those_that_it_knows(description):
    for path, resource, _ in routes():
        get = description["paths"][path].get("get", {})
        parameters = [follow(description, one) for one in get.get("parameters", ())]
        if not get:
            continue
        named = [one["name"] for one in parameters if one["in"] == "query"]
        assert named == list(getattr(resource, "parameters", ()) or ())
        in_path = {one["name"] for one in parameters if one["in"] == "path"}
        assert in_path == set(re.findall(r"\{(\w+)\}", path))


def test_operations_have_names_of_their_own(description):
    names = [operation["operationId"] for _, _, operation in operations(description)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[a-z]+([A-Z][a-z]+)*", name) for name in names)


def test_every_problem_type_of_the_code_is_described_and_no_other(description):
    template = (ROOT / "compose/nginx/reckoner.conf.template").read_text()
    names = set(re.findall(r"urn:reckoner:problem:([a-z-]+)", template)) | FAILURE_REASONS
    for file in [*(ROOT / "gateway").rglob("*.py")]:
        if "description" not in file.parts:
            names |= names_in(file)
    schemas = description["components"]["schemas"]
    described = {
        one
        for name, schema in schemas.items()
        if name.endswith("Problem") and "type" in schema["properties"]
        for one in schema["properties"]["type"]["enum"]
    }
    assert described == {PROBLEM_PREFIX + name for name in names}


#: The names with which problems are made: in calls of these, this argument.
_MAKERS = {"Problem": 1, "_refusal": 2}


def names_in(file):
    """Return the names with which a module makes problems."""
    calls = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
    arguments = [
        call.args[place]
        for call in calls
        if (place := _MAKERS.get(ast.unparse(call.func))) and len(call.args) > place
    ]
    constants = [node for one in arguments for node in ast.walk(one)]
    found = {str(node.value) for node in constants if isinstance(node, ast.Constant)}
    return found - {"type", ""}  # of a stored reason, whose names are FAILURE_REASONS


def test_what_nginx_says_is_described_with_its_status(description):
    template = (ROOT / "compose/nginx/reckoner.conf.template").read_text()
    said = re.findall(r'"type":"(urn:[a-z:-]+)","title":"([^"]+)","status":(\d+)', template)
    assert len(said) > 10
    schemas = [
        one["properties"]
        for one in description["components"]["schemas"].values()
        if "type" in one.get("properties", {}) and "status" in one.get("properties", {})
    ]
    for kind, title, status in said:
        (found,) = [one for one in schemas if kind in one["type"].get("enum", ())]
        assert found["status"]["const"] == int(status), title


def test_every_example_is_valid(description):
    checked = 0
    components = description["components"]
    for name, schema in components["schemas"].items():
        for example in schema.get("examples", ()):
            validator(description, {"$ref": f"#/components/schemas/{name}"}).validate(example)
            checked += 1
    for parameter in components["parameters"].values():
        if "example" in parameter:
            validator(description, parameter["schema"]).validate(parameter["example"])
            checked += 1
    for _, _, operation in operations(description):
        holders = [operation.get("requestBody", {}), *operation["responses"].values()]
        for holder in holders:
            for media in follow(description, holder).get("content", {}).values():
                for example in media.get("examples", {}).values():
                    value = follow(description, example)["value"]
                    validator(description, media["schema"]).validate(value)
                    checked += 1
    assert checked > 100


def test_the_example_is_a_calculation_that_exists(description):
    get = description["paths"]["/calculations/{calculation_id}"]["get"]
    document = get["responses"]["200"]["content"]["application/json"]["examples"]["succeeded"]
    assert document["value"]["id"] == str(calculation_id("fibonacci", 1, '{"n":30}'))


def test_no_integer_has_a_format_with_a_bound(description):
    assert "int64" not in str(description)
    assert "int32" not in str(description)
    assert "exact at any size" in description["info"]["description"]


def test_arguments_are_bounded_by_what_this_server_accepts():
    def most(**settings):
        found = describe_api(make_settings(**settings), load_registry())
        return found["components"]["schemas"]["Arguments_fibonacci"]["properties"]["n"]["maximum"]

    assert most(memory_limit_bytes=2**28) < most(memory_limit_bytes=2**33) <= 10**10


@pytest.mark.parametrize("count", [0, 1])
def test_it_is_valid_with_no_function_or_one(count):
    registry = Registry(list(load_registry())[:count])
    OpenAPIV31SpecValidator(describe_api(make_settings(), registry)).validate()


def test_the_example_of_a_submission_is_the_authors():
    @function(examples=[{"n": 12_345}])
    def count(n: int) -> int:
        """Count."""
        return n

    example = submission_examples(Registry([count]))["count"]
    assert example["value"] == {"function": "count", "arguments": {"n": 12_345}}


def test_what_an_author_wants_to_be_long_has_no_example_of_that_length():
    @function
    def digits(text: Annotated[str, Len(9_000)]) -> int:
        """Take much."""
        return len(text)

    @function
    def numbers(values: Annotated[list[int], Len(9_000)]) -> int:
        """Take many."""
        return len(values)

    assert submission_examples(Registry([digits, numbers])) == {}


@dataclass(frozen=True)
class box:  # noqa: N801 (as an author may write it)
    """A class of an author's, which with the function's name makes the name of another function."""

    side: int


def test_what_one_function_defines_is_not_taken_for_the_arguments_of_another():
    @function
    def pack(it: box) -> int:
        """Pack."""
        return it.side

    @function
    def pack_box(weight: float) -> float:
        """Pack a box."""
        return weight

    described = describe_api(make_settings(), Registry([pack, pack_box]))
    schemas = described["components"]["schemas"]
    assert set(schemas["Arguments_pack_box"]["properties"]) == {"weight"}
    reference = schemas["Arguments_pack"]["properties"]["it"]
    assert set(follow(described, reference)["properties"]) == {"side"}
    OpenAPIV31SpecValidator(described).validate()
