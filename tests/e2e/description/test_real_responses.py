"""What the service responds with has the members that the description names, all and no others.

schemathesis comes last, in this file, so that one Reckoner is started for both.
"""

import httpx
import jsonschema
import pytest

from tests.e2e.description.fuzzing import fuzz, what_was_done

pytestmark = pytest.mark.slow


#: What HTTP itself says of a message, and OpenAPI not of a response.
_OF_HTTP = {"connection", "content-length", "content-type", "date", "server", "transfer-encoding"}


@pytest.fixture(scope="module")
def client(described):
    with httpx.Client(base_url=described.url, headers=described.headers, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def description(client):
    return client.get("/openapi.json").json()


def closed(schema):
    """Return the schema with its objects closed: no member may be there that it does not name."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: closed(value) for name, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        found.setdefault("additionalProperties", False)
    return found


def check(description, answer, path, method="get"):
    """Check a response against what the description says of its status."""
    response = check_headers(description, answer, path, method)
    schema = response["content"][answer.headers["Content-Type"].partition(";")[0]]["schema"]
    whole = closed({**schema, "components": description["components"]})
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    jsonschema.Draft202012Validator(whole, format_checker=checker).validate(answer.json())


def check_headers(description, answer, path, method="get"):
    """Check the headers of a response; return what the description says of its status."""
    response = description["paths"][path][method]["responses"][str(answer.status_code)]
    if "$ref" in response:
        response = description["components"]["responses"][response["$ref"].rpartition("/")[2]]
    for name, header in response["headers"].items():
        found = description["components"]["headers"][name] if "$ref" in header else header
        assert name in answer.headers or not found["required"], name
    described = {name.lower() for name in response["headers"]} | _OF_HTTP
    assert set(answer.headers) - described == set()
    return response


def submit(client, function, wait=20, **arguments):
    body = {"function": function, "arguments": arguments}
    return client.post("/calculations", json=body, headers={"Prefer": f"wait={wait}"})


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("fibonacci", {"n": 31}),  # digits, in the request
        ("prime_factors", {"n": 360}),  # JSON, by a heavy worker
        ("random_walk", {"rows": 10}),  # text in pieces
        ("linear_system", {"matrix": [[1.0, 2.0]], "right": [1.0]}),  # fails
    ],
)
def test_documents_of_every_kind_are_described(client, description, function, arguments):
    answer = submit(client, function, **arguments)
    assert answer.json()["status"] in ("succeeded", "failed")
    check(description, answer, "/calculations", "post")
    path = answer.headers["Content-Location"]
    check(description, client.get(path), "/calculations/{calculation_id}")
    final = client.delete(path)
    assert final.status_code == 409
    check(description, final, "/calculations/{calculation_id}", "delete")
    route = "/calculations/{calculation_id}/result"
    result = client.get(f"{path}/result")
    if result.status_code == 200:
        check_headers(description, result, route)
        check_headers(description, client.head(f"{path}/result"), route, "head")
        part = client.get(f"{path}/result", headers={"Range": "bytes=0-0"})
        assert part.status_code == 206
        check_headers(description, part, route)
    else:
        check(description, result, route)


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/metrics", "/calculate/{n}"])
def test_headers_of_what_is_no_document_are_described(client, description, path):
    answer = client.get(path.replace("{n}", "30"))
    assert answer.status_code == 200
    check_headers(description, answer, path)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/calculations",
        "/calculations/count",
        "/functions",
        "/system",
        "/session",
        "/health/ready",
    ],
)
def test_the_state_and_the_lists_are_described(client, description, path):
    submit(client, "fibonacci", n=32)
    answer = client.get(path)
    assert answer.status_code == 200
    check(description, answer, path)


@pytest.mark.parametrize(
    ("method", "path", "target", "status"),
    [
        ("POST", "/calculations", "/calculations?colour=red", 422),
        ("POST", "/calculations", "/calculations", 415),
        ("GET", "/calculations", f"/calculations?{'x' * 10_000}", 414),
        ("GET", "/functions", "/functions?x=1", 422),
        ("GET", "/system", "/system", 401),
    ],
)
def test_refusals_are_described(client, description, method, path, target, status):
    headers = {"Authorization": "Bearer rk_nonsense"} if status == 401 else {}
    answer = client.request(method, target, headers=headers)
    assert answer.status_code == status
    check(description, answer, path, method.lower())


def test_what_is_allowed_is_answered_as_described_and_what_is_not_is_refused(described):
    output = fuzz(described, "--max-examples", "15", seconds=45, seed=20_261_126)
    operations, reached, requests = what_was_done(output)
    assert reached == operations > 15
    assert requests > 200  # a busy machine sends fewer in the time
