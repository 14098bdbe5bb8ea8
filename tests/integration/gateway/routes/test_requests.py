"""What the gateway does with every request: its id, query, method and media type."""

import asyncio
import re

import pytest

from tests.asgi import serving
from tests.conftest import new_database


@pytest.fixture(scope="module")
def database_url(postgres, admin, template_database):
    """One database for all tests here, which store little."""
    with new_database(postgres, admin, template_database) as url:
        yield url


def ask(settings, registry, *requests):
    """Send requests one after the other, as (method, target, headers); return the responses."""

    async def scenario():
        async with serving(settings, registry) as client:
            return [
                await client.ask(method, target, **headers) for method, target, headers in requests
            ]

    return asyncio.run(scenario())


@pytest.mark.parametrize("given", ["mine-1._Z", "a" * 128])
def test_a_well_formed_request_id_comes_back_with_success_and_error(
    store_settings, registry, given
):
    answers = ask(
        store_settings,
        registry,
        *(("GET", path, {"x_request_id": given}) for path in ("/functions", "/nowhere")),
    )
    assert [answer.headers["x-request-id"] for answer in answers] == [given, given]


@pytest.mark.parametrize("given", ["", "a b", "mine!", "!mine", "a\tb", "é", "a" * 129, None])
def test_any_other_request_id_is_replaced(store_settings, registry, given):
    answers = ask(store_settings, registry, *[("GET", "/functions", {"x_request_id": given})] * 2)
    made = {answer.headers["x-request-id"] for answer in answers}
    assert len(made) == 2
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in made)


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/functions?x=1", 422),
        ("HEAD", "/functions?x", 422),
        ("GET", "/calculations?limit=1&x=", 422),
        ("POST", "/calculations?limit=1", 422),
        ("DELETE", "/calculations/00000000-0000-4000-8000-000000000000?limit=1", 422),
        ("GET", "/calculations?limit=1", 200),
        ("HEAD", "/calculations?limit=1", 200),
        ("GET", "/functions/", 200),
        ("PUT", "/calculations?limit=1", 405),
        ("QUERY", "/calculations?status=queued", 405),
    ],
)
def test_an_unknown_query_parameter_is_refused(store_settings, registry, method, target, status):
    (answer,) = ask(store_settings, registry, (method, target, {}))
    assert answer.status == status


def test_an_unsupported_method_gets_a_list_of_those_supported(store_settings, registry):
    (answer,) = ask(store_settings, registry, ("DELETE", "/functions", {}))
    assert answer.status == 405
    assert "GET" in answer.headers["allow"]
    assert answer.headers["allow"] in answer.json()["detail"]


@pytest.mark.parametrize(
    ("declared", "status"),
    [
        ({"content_type": "application/json"}, 200),
        ({"content_type": "Application/JSON; charset=utf-8"}, 200),
        ({"content_type": "application/json", "content_encoding": "identity"}, 200),
        ({"content_type": "application/json", "content_encoding": "gzip"}, 415),
        ({"content_type": "application/jsonp"}, 415),
        ({"content_type": "text/plain"}, 415),
        ({"content_type": None}, 415),
    ],
)
def test_a_body_must_be_declared_as_json(store_settings, registry, declared, status):
    body = b'{"function": "fibonacci", "arguments": {"n": 10}}'
    (answer,) = ask(store_settings, registry, ("POST", "/calculations", {"body": body, **declared}))
    assert answer.status == status
    if status == 415:
        assert answer.headers["accept-post"] == "application/json"
