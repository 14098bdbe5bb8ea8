"""The list: its pages have the same rows as plain SQL."""

import asyncio
import dataclasses
import itertools
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx
import pytest
from sqlalchemy import create_engine, text

from gateway.http.document import encode_document
from gateway.http.filters import parse_ids
from shared.calculation import Lane, Status
from shared.store.calculations import find_calculations
from shared.store.selection import listing
from shared.store.selection.counting import count_calculations
from shared.store.selection.filters import Filters
from tests.asgi import serving
from tests.conftest import new_database
from tests.integration.gateway.routes.queued import queue_calculations
from tests.integration.gateway.server.running import running_gateway
from tests.integration.many_rows import insert_rows
from tests.integration.results_of_any_kind import insert_result_of
from tests.integration.rows import without_indexes

STATUSES = ("queued", "running", "succeeded", "failed", "cancelled")
LANES = "CASE WHEN n % 3 = 0 AND n % 97 <> 1 THEN 'heavy' ELSE 'quick' END"
FUNCTIONS = (None, "fibonacci", "factorial", "rare", "no such function")
FILTERS = [
    Filters(status=status, function=function)
    for status, function in itertools.product((None, *Status), FUNCTIONS)
]


@pytest.fixture(scope="module")
def url(postgres, admin, template_database):
    """A database with a thousand rows of all kinds, many with the same time."""
    with new_database(postgres, admin, template_database) as url:
        engine = create_engine(url)
        with engine.begin() as connection:
            for number, status in enumerate(STATUSES):
                lane = "'heavy'" if status == "running" else LANES
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


ALL = Filters()


def expected(sql, filters=ALL):
    """Return the ids of a filtered list with a plain statement."""
    return (
        sql.execute(
            text(
                "SELECT id FROM calculations"
                " WHERE (CAST(:status AS text) IS NULL OR status = :status)"
                " AND (CAST(:function AS text) IS NULL OR function = :function)"
                " AND (CAST(:lane AS text) IS NULL OR lane = :lane)"
                " AND created_at >= coalesce(CAST(:created_after AS timestamptz), '-infinity')"
                " AND created_at < coalesce(CAST(:created_before AS timestamptz), 'infinity')"
                " ORDER BY created_at DESC, id DESC"
            ),
            dataclasses.asdict(filters),
        )
        .scalars()
        .all()
    )


def pages(sql, filters, limit):
    """Yield the pages of a filtered list, each of which begins where the last ended."""
    before = None
    for _ in range(1_000):
        page = listing.list_calculations(sql, filters, before=before, limit=limit)
        yield page
        if not page:
            return
        before = page[-1].created_at, page[-1].id
    raise AssertionError("the pages have no end")


@pytest.fixture(scope="module")
def moments(sql):
    """Three times at which calculations were created, earliest first."""
    stored = sql.execute(text("SELECT DISTINCT created_at FROM calculations ORDER BY 1")).scalars()
    moments = stored.all()
    return [moments[len(moments) * part // 4] for part in (1, 2, 3)]


@pytest.mark.slow
def test_the_rows_cover_every_filter(sql):
    """Each filter has matches but for one that must not, and many rows share a time."""
    for filters in FILTERS:
        assert bool(expected(sql, filters)) is (filters.function != "no such function")
    moments = sql.execute(text("SELECT count(*), count(DISTINCT created_at) FROM calculations"))
    rows, distinct = moments.one()
    assert rows > 2 * distinct


@pytest.mark.parametrize("filters", FILTERS)
def test_pages_are_what_sql_says(sql, filters):
    wanted = expected(sql, filters)
    for limit in (7, 100, 5_000):
        listed = list(pages(sql, filters, limit))
        assert [row.id for page in listed for row in page] == wanted
        assert all(len(page) == limit for page in listed[:-2])


@pytest.mark.parametrize("lane", [None, *Lane])
@pytest.mark.parametrize("window", ["after", "before", "between", "empty"])
def test_pages_of_a_lane_and_of_a_time_are_what_sql_says(sql, moments, lane, window):
    first, middle, last = moments
    after = {"after": middle, "between": first, "empty": last}.get(window)
    before = {"before": middle, "between": last, "empty": first}.get(window)
    for filters in FILTERS:
        narrowed = dataclasses.replace(
            filters, lane=lane, created_after=after, created_before=before
        )
        listed = [row.id for page in pages(sql, narrowed, 150) for row in page]
        assert listed == expected(sql, narrowed)


def test_a_time_window_has_its_beginning_and_not_its_end(sql, moments):
    first, _, last = moments
    (page, _) = pages(sql, Filters(created_after=first, created_before=last), 5_000)
    found = {row.created_at for row in page}
    assert min(found) == first
    assert last not in found


def test_pages_do_not_depend_on_how_rows_are_found(sql):
    savepoint = sql.begin_nested()
    without_indexes(sql)
    for filters in FILTERS:
        listed = [row.id for page in pages(sql, filters, 500) for row in page]
        assert listed == expected(sql, filters)
    savepoint.rollback()


def test_a_page_begins_after_its_position_whether_or_not_a_row_is_there(sql):
    places = sql.execute(
        text("SELECT created_at, id FROM calculations ORDER BY created_at DESC, id DESC")
    )
    places = [tuple(place) for place in places]
    moment, identity = places[400]
    between = moment + timedelta(microseconds=1)
    for before in ((moment, identity), (between, identity), (moment, UUID(int=0)), places[-1]):
        page = listing.list_calculations(sql, ALL, before=before, limit=5_000)
        listed = [(row.created_at, row.id) for row in page]
        assert listed == [place for place in places if place < before]


def test_rows_of_the_list_are_complete(sql):
    """They have all that documents need, like those of a look-up."""
    page = listing.list_calculations(sql, ALL, before=None, limit=50)
    found = {row.id: row for row in find_calculations([row.id for row in page]).on(sql)}
    assert page == [found[row.id] for row in page]
    assert all(encode_document(row) for row in page)


def test_a_list_has_a_statement_timeout(sql):
    listing.list_calculations(sql, ALL, before=None, limit=1)
    assert sql.execute(text("SHOW statement_timeout")).scalar_one() == "5s"


@pytest.mark.parametrize(
    "narrowed",
    [
        {},
        {"status": "failed"},
        {"function": "rare"},
        {"status": "running", "function": "factorial"},
        {"lane": "heavy", "status": "succeeded"},
        {"created_after": "FIRST", "created_before": "LAST"},
    ],
    ids=str,
)
def test_pages_lead_from_one_to_the_next_over_http(sql, client, moments, narrowed):
    moments = {"FIRST": moments[0], "LAST": moments[2]}
    values = {name: moments.get(value, value) for name, value in narrowed.items()}
    narrowed = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    }
    wanted = expected(sql, Filters(**values))
    for limit in (7, len(wanted) - 1, len(wanted)):
        path = f"/calculations?{urlencode({**narrowed, 'limit': min(limit, 1_000)})}"
        listed: list[dict[str, Any]] = []
        while path and len(listed) < 5_000:
            page = client.get(path).json()
            assert len(page["calculations"]) == limit or page["next"] is None or limit > 1_000
            listed += page["calculations"]
            path = page["next"]
        assert [UUID(document["id"]) for document in listed] == wanted


@pytest.mark.parametrize("length", [8, 9, 13, 14, 23, 35, 36])
def test_an_id_or_its_beginning_finds_it(sql, client, length):
    identity = str(expected(sql)[500])
    for written in (identity, identity.upper()):
        page = client.get(f"/calculations?id={written[:length]}").json()
        assert [document["id"] for document in page["calculations"]] == [identity]
        assert page["next"] is None
        count = client.get(f"/calculations/count?id={written[:length]}").json()
        assert count == {"count": 1, "is_exact": True}


def test_ids_that_begin_alike_are_filtered_and_paged_like_all_others(engine):
    """Nobody can have many of them: this test gives the ids."""
    made = [UUID(f"ffcfeb02-0000-0000-0000-{n:012d}") for n in range(30)]
    statuses = ("queued", "succeeded", "cancelled")
    with engine.begin() as connection:
        for status in statuses:
            insert_rows(connection, status, 10, status=f"'{status}'", lane="'quick'")
        rows = connection.execute(text("SELECT id FROM calculations ORDER BY id")).scalars().all()
        for old, new in zip(rows, made, strict=True):
            connection.execute(
                text("UPDATE calculations SET id = :new WHERE id = :old"), {"new": new, "old": old}
            )
        insert_rows(connection, "other", 5, status="'queued'")
        ids = parse_ids("FFCFEB02")
        for status, window in itertools.product((None, *Status), (False, True)):
            of_all = Filters(status=status)
            (first, *_) = [
                row.created_at for row in next(pages(connection, Filters(), 100)) if row.id in made
            ][5:]
            if window:
                of_all = dataclasses.replace(of_all, created_before=first, function="fibonacci")
            filters = dataclasses.replace(of_all, ids=ids)
            wanted = [one for one in expected(connection, of_all) if one in made]
            assert wanted or status in (Status.RUNNING, Status.FAILED)
            assert [row.id for page in pages(connection, filters, 4) for row in page] == wanted
            assert count_calculations(connection, filters, most=1_000) == len(wanted)


@pytest.mark.parametrize("filters", FILTERS)
def test_a_count_is_what_sql_says(sql, filters):
    wanted = len(expected(sql, filters))
    for most in (1, 100, 5_000):
        assert count_calculations(sql, filters, most=most) == min(wanted, most)


def test_a_count_of_a_lane_and_of_a_time_is_what_sql_says(sql, moments):
    first, middle, last = moments
    for after, before, lane in itertools.product((None, first), (middle, last), (None, *Lane)):
        for filters in FILTERS:
            narrowed = dataclasses.replace(
                filters, lane=lane, created_after=after, created_before=before
            )
            found = count_calculations(sql, narrowed, most=5_000)
            assert found == len(expected(sql, narrowed))


@pytest.mark.parametrize(("most", "is_exact"), [(7, True), (6, False)])
def test_more_than_can_be_counted_says_so(engine, gateway, monkeypatch, most, is_exact):
    monkeypatch.setattr("gateway.routes.count.MAX_COUNTED", most)
    queue_calculations(engine, 7)
    answer = gateway(lambda client: client.simulate_get("/calculations/count"))
    assert answer.json == {"count": most, "is_exact": is_exact}


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
    page = client.get("/calculations?status=failed&function=no_such_function").json()
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
        ("lane=inline", "/lane"),
        ("lane=", "/lane"),
        ("created_after=yesterday", "/created_after"),
        ("created_after=", "/created_after"),
        ("created_after=2026-01-31", "/created_after"),
        ("created_before=2026-01-31T08:00:00", "/created_before"),  # no offset
        ("created_before=2026-01-31T08:00:00+01:00", "/created_before"),  # means a space
        ("created_before=2026-02-30T08:00:00Z", "/created_before"),
        ("created_before=2026-W05-6T08:00:00Z", "/created_before"),
        ("id=", "/id"),
        ("id=ffcfeb0", "/id"),  # 7 characters
        ("id=ffcfeb02-09f45", "/id"),
        ("id=ffcfeb02_09f4", "/id"),
        ("id=%7Bffcfeb02-09f4-5c06-889e-7cd5cd61b456%7D", "/id"),
        ("id=ffcfeb02-09f4-5c06-889e-7cd5cd61b4560", "/id"),
        ("sort=id", "/sort"),
        ("limit=1&limit=2", "/limit"),
    ],
)
def test_a_faulty_query_names_its_fault(client, query, pointer):
    answer = client.get(f"/calculations?{query}")
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize("offset", ["Z", "z", "%2B00:00", "-00:00", "-23:59"])
def test_a_time_may_have_any_offset_and_any_fraction(client, moments, offset):
    moment = moments[1].astimezone(UTC).replace(tzinfo=None)
    for fraction in ("", ".5", ".123456789"):
        text = f"{moment.replace(microsecond=0).isoformat()}{fraction}{offset}"
        page = client.get(f"/calculations?limit=1000&created_after={text}")
        assert page.status_code == 200, page.text


def test_all_faults_of_a_query_are_named(client):
    answer = client.get("/calculations?lane=slow&status=done&created_after=never")
    pointers = [error["pointer"] for error in answer.json()["errors"]]
    assert pointers == ["/status", "/lane", "/created_after"]


def test_times_at_the_end_of_the_calendar_are_compared(sql, client):
    """An offset leads beyond the years that Python knows."""
    query = "created_after=0001-01-01T00:00:00%2B14:00&created_before=9999-12-31T23:59:59-14:00"
    page = client.get(f"/calculations?limit=1000&{query}").json()
    assert [document["id"] for document in page["calculations"]] == [
        str(identity) for identity in expected(sql)[:1_000]
    ]
