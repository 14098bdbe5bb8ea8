"""The list: its pages have the same rows as plain SQL."""

import asyncio
import itertools
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx
import pytest
from sqlalchemy import create_engine, text

from gateway.http.document import encode_document
from shared.calculation import Status
from shared.store import listing
from shared.store.calculations import find_calculations
from tests.asgi import serving
from tests.conftest import new_database
from tests.integration.gateway.server.running import running_gateway
from tests.integration.many_rows import insert_rows
from tests.integration.results_of_any_kind import insert_result_of
from tests.integration.rows import without_indexes

STATUSES = ("queued", "running", "succeeded", "failed", "cancelled")
FUNCTIONS = (None, "fibonacci", "factorial", "rare", "no such function")
FILTERS = list(itertools.product((None, *Status), FUNCTIONS))


@pytest.fixture(scope="module")
def url(postgres, admin, template_database):
    """A database with a thousand rows of all kinds, many with the same time."""
    with new_database(postgres, admin, template_database) as url:
        engine = create_engine(url)
        with engine.begin() as connection:
            for number, status in enumerate(STATUSES):
                lane = "'heavy'" if status == "running" else "'quick'"
                count = 200 if status == "queued" else 1_000 // (number + 1)
                insert_rows(connection, status, count, status=f"'{status}'", lane=lane)
        engine.dispose()
        yield url


@pytest.fixture(scope="module")
def sql(url):
    engine = create_engine(url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture(scope="module")
def client(url):
    """A client of a gateway process."""
    with (
        running_gateway(url) as (_, port),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        yield client


def expected(sql, status, function):
    """Return the ids of a filtered list with a plain statement."""
    return (
        sql.execute(
            text(
                "SELECT id FROM calculations"
                " WHERE (CAST(:status AS text) IS NULL OR status = :status)"
                " AND (CAST(:function AS text) IS NULL OR function = :function)"
                " ORDER BY created_at DESC, id DESC"
            ),
            {"status": status, "function": function},
        )
        .scalars()
        .all()
    )


def pages(sql, status, function, limit):
    """Yield the pages of a filtered list, each of which begins where the last ended."""
    before = None
    for _ in range(1_000):
        page = listing.list_calculations(
            sql, status=status, function=function, before=before, limit=limit
        )
        yield page
        if not page:
            return
        before = page[-1].created_at, page[-1].id
    raise AssertionError("the pages have no end")


@pytest.mark.slow
def test_the_rows_cover_every_filter(sql):
    """Each filter has matches but for one that must not, and many rows share a time."""
    for status, function in FILTERS:
        assert bool(expected(sql, status, function)) is (function != "no such function")
    moments = sql.execute(text("SELECT count(*), count(DISTINCT created_at) FROM calculations"))
    rows, distinct = moments.one()
    assert rows > 2 * distinct


@pytest.mark.parametrize(("status", "function"), FILTERS)
def test_pages_are_what_sql_says(sql, status, function):
    wanted = expected(sql, status, function)
    for limit in (7, 100, 5_000):
        listed = list(pages(sql, status, function, limit))
        assert [row.id for page in listed for row in page] == wanted
        assert all(len(page) == limit for page in listed[:-2])


def test_pages_do_not_depend_on_how_rows_are_found(sql):
    savepoint = sql.begin_nested()
    without_indexes(sql)
    for status, function in FILTERS:
        listed = [row.id for page in pages(sql, status, function, 500) for row in page]
        assert listed == expected(sql, status, function)
    savepoint.rollback()


def test_a_page_begins_after_its_position_whether_or_not_a_row_is_there(sql):
    places = sql.execute(
        text("SELECT created_at, id FROM calculations ORDER BY created_at DESC, id DESC")
    )
    places = [tuple(place) for place in places]
    moment, identity = places[400]
    between = moment + timedelta(microseconds=1)
    for before in ((moment, identity), (between, identity), (moment, UUID(int=0)), places[-1]):
        page = listing.list_calculations(
            sql, status=None, function=None, before=before, limit=5_000
        )
        listed = [(row.created_at, row.id) for row in page]
        assert listed == [place for place in places if place < before]


def test_rows_of_the_list_are_complete(sql):
    """They have all that documents need, like those of a look-up."""
    page = listing.list_calculations(sql, status=None, function=None, before=None, limit=50)
    found = {row.id: row for row in find_calculations([row.id for row in page]).on(sql)}
    assert page == [found[row.id] for row in page]
    assert all(encode_document(row) for row in page)


def test_a_list_has_a_statement_timeout(sql):
    listing.list_calculations(sql, status=None, function=None, before=None, limit=1)
    assert sql.execute(text("SHOW statement_timeout")).scalar_one() == "5s"


@pytest.mark.parametrize(
    "narrowed",
    [
        {},
        {"status": "failed"},
        {"function": "rare"},
        {"status": "running", "function": "factorial"},
    ],
    ids=str,
)
def test_pages_lead_from_one_to_the_next_over_http(sql, client, narrowed):
    wanted = expected(sql, narrowed.get("status"), narrowed.get("function"))
    for limit in (7, len(wanted) - 1, len(wanted)):
        path = f"/calculations?{urlencode({**narrowed, 'limit': min(limit, 1_000)})}"
        listed: list[dict[str, Any]] = []
        while path and len(listed) < 5_000:
            page = client.get(path).json()
            assert len(page["calculations"]) == limit or page["next"] is None or limit > 1_000
            listed += page["calculations"]
            path = page["next"]
        assert [UUID(document["id"]) for document in listed] == wanted


def test_a_page_of_long_documents_ends_early_and_leads_on(
    engine, store_settings, registry, monkeypatch
):
    monkeypatch.setattr("gateway.routes.listing.MAX_PAGE_BYTES", 20_000)
    value = b'"%s"' % (b"x" * 8_000)
    with engine.begin() as connection:
        stored = {str(insert_result_of(connection, "json", value)) for _ in range(7)}

    async def scenario():
        following = "/calculations?limit=6"
        pages = []
        async with serving(store_settings, registry) as client:
            while following:
                page = (await client.ask("GET", following)).json()
                pages.append([document["id"] for document in page["calculations"]])
                following = page["next"]
        return pages

    pages = asyncio.run(scenario())
    assert list(map(len, pages)) == [3, 3, 1]
    assert set(itertools.chain(*pages)) == stored


def test_a_list_of_nothing_is_empty_over_http(client):
    page = client.get("/calculations?status=failed&function=no+such+function").json()
    assert page == {"calculations": [], "next": None}


def test_a_page_has_a_hundred_by_default(client):
    assert len(client.get("/calculations").json()["calculations"]) == 100


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/limit"),
        ("limit=1001", "/limit"),
        ("limit=-1", "/limit"),
        ("limit=1e2", "/limit"),
        ("limit=", "/limit"),
        ("limit=%D9%A3", "/limit"),  # an Arabic three
        ("status=done", "/status"),
        ("status=", "/status"),
        ("cursor=", "/cursor"),
        ("cursor=xyz", "/cursor"),
        ("function=%00", "/function"),
        ("sort=id", "/sort"),
        ("limit=1&limit=2", "/limit"),
    ],
)
def test_a_faulty_query_names_its_fault(client, query, pointer):
    answer = client.get(f"/calculations?{query}")
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
