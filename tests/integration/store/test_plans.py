"""Statements find their rows by an index and read few others, also during a burst."""

import json
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from shared.calculation import Lane, Status
from shared.config import load_settings
from shared.failures import CANCELLED_JSON
from shared.postgres.connections import make_engine
from shared.store import (
    attempts,
    calculations,
    functions,
    leases,
    new_calculations,
    presence,
    quick,
)
from shared.store.history import record_minute
from shared.store.leases import Claim, Renewal
from shared.store.new_calculations import New
from shared.store.outbox import handed_back, outbox
from shared.store.outbox.heavy_outbox import (
    LEAST_WINDOW,
    MOST_COUNTED,
    measure_lag_seconds,
    take_heavy,
)
from shared.store.results import chunks
from shared.store.retention import candidates, counting, removal
from shared.store.retention.candidates import Position, Selection
from shared.store.retention.state import measure_storage
from shared.store.selection import cancellation, listing
from shared.store.selection import counting as counting_of_lists
from shared.store.selection.filters import Filters, IdRange
from shared.store.totals import queued_work, system
from shared.store.totals.failures import count_failures
from shared.store.totals.lane_totals import LaneTotals
from shared.store.totals.queue_depths import measure_queues
from shared.store.totals.running import list_running
from tests.conftest import new_database
from tests.factories import MOMENT, make_calculation, make_result
from tests.integration.explained import Explained, indexes, rows_read
from tests.integration.many_rows import BURST, OLD, RUNNING, fill
from tests.integration.rows import expire

pytestmark = pytest.mark.slow

LIMIT = 20


@pytest.fixture(scope="module")
def filled(postgres, admin, template_database) -> Iterator[str]:
    """The superuser's URL of a database with many rows."""
    with new_database(postgres, admin, template_database) as url:
        url = postgres.url_of(url.rsplit("/", 1)[1], admin.url.username)
        settings = load_settings({"database_url": url, "broker_url": "amqp://127.0.0.1:1/%2F"})
        engine = make_engine(
            settings.sqlalchemy_url, connections=1, name="fill", is_autocommit=True
        )
        with engine.connect() as connection:
            fill(connection)
        engine.dispose()
        yield url


@pytest.fixture(scope="module")
def transactions(filled):
    explained = Explained(filled, is_autocommit=False)
    yield explained
    explained.engine.dispose()


@pytest.fixture(scope="module")
def at_once(filled):
    """Statements on connections in autocommit mode."""
    explained = Explained(filled, is_autocommit=True)
    yield explained
    explained.engine.dispose()


def test_the_tables_are_large_enough_for_the_planner_to_choose(transactions):
    """Without an index a statement reads whole tables, which the limits below must detect."""
    nodes = transactions.nodes(
        lambda connection: connection.execute(text("SELECT * FROM calculations WHERE version = 2"))
    )
    assert indexes(nodes) == set()
    assert rows_read(nodes) == OLD + BURST + RUNNING


def page(connection, filters, before=None):
    return listing.list_calculations(connection, filters, before=before, limit=LIMIT)


def middle(connection):
    """Return a position in the middle of the list."""
    return connection.execute(
        text("SELECT created_at, id FROM calculations ORDER BY 1, 2 LIMIT 1 OFFSET 15000")
    ).one()


@pytest.mark.parametrize("is_first", [True, False], ids=["first page", "later page"])
@pytest.mark.parametrize("status", [None, *Status])
@pytest.mark.parametrize("lane", [None, Lane.HEAVY])
@pytest.mark.parametrize("function", [None, "fibonacci", "rare", "none"])
@pytest.mark.parametrize("is_in_window", [False, True], ids=["any time", "window"])
def test_a_page_of_the_list_reads_a_page_of_each_stream(
    transactions, is_first, status, lane, function, is_in_window
):
    """A stream is what a function has in a lane and a status."""
    with transactions.engine.connect() as connection:
        before = tuple(middle(connection))
    window = (before[0] - timedelta(hours=1), before[0]) if is_in_window else (None, None)
    filters = Filters(status, function, lane, *window)
    nodes = transactions.nodes(
        lambda connection: page(connection, filters, None if is_first else before)
    )
    assert indexes(nodes) <= {"calculations_list", "calculations_pkey"}
    functions = 3 if function is None else 1
    streams = functions * (1 if lane else 2) * (1 if status else 5)
    # Each row of the page is also fetched whole, and each function found by one step.
    assert rows_read(nodes) <= (streams + 1) * LIMIT + functions + 1


@pytest.mark.parametrize("status", [None, *Status])
@pytest.mark.parametrize("lane", [None, Lane.HEAVY])
@pytest.mark.parametrize("function", [None, "fibonacci", "rare", "none"])
@pytest.mark.parametrize("is_in_window", [False, True], ids=["any time", "window"])
def test_a_count_reads_no_more_than_it_counts(transactions, status, lane, function, is_in_window):
    most = 100
    with transactions.engine.connect() as connection:
        before = tuple(middle(connection))
    window = (before[0] - timedelta(hours=1), before[0]) if is_in_window else (None, None)
    filters = Filters(status, function, lane, *window)
    nodes = transactions.nodes(
        lambda connection: counting_of_lists.count_calculations(connection, filters, most=most)
    )
    assert indexes(nodes) <= {"calculations_list"}
    # Each function is found by one step.
    assert rows_read(nodes) <= most + 4


@pytest.mark.parametrize("status", [None, *Status])
def test_ids_that_begin_alike_are_found_by_their_key(transactions, status):
    ids = IdRange(UUID("ffcfeb02" + 24 * "0"), UUID("ffcfeb02" + 24 * "f"))
    filters = Filters(status, "fibonacci", Lane.QUICK, ids=ids)

    with transactions.engine.connect() as connection:
        before = tuple(middle(connection))
    for use in (
        lambda c: page(c, filters),
        lambda c: page(c, filters, before),
        lambda c: counting_of_lists.count_calculations(c, filters, most=LIMIT),
    ):
        nodes = transactions.nodes(use)
        assert indexes(nodes) == {"calculations_pkey"}
        assert rows_read(nodes) <= 1


IDS = [UUID(int=n) for n in range(5)]


def of(*ids):
    """Return calculations of which only the ids matter."""
    return [make_calculation(id=identity) for identity in ids]


CLAIM = Claim(IDS[0], 1, "f", 1, "{}", 1.0, None, None, 1, [])
MINE = {"worker_id": IDS[0]}
RESULTS = dict.fromkeys(IDS, make_result())
RENEWALS = [Renewal(identity, 1, 0.5) for identity in IDS]


BY_KEY = {
    "find": lambda c: calculations.find_calculations(IDS).on(c),
    "statuses": lambda c: calculations.find_statuses(c, IDS),
    "present": lambda c: calculations.find_present(c, IDS),
    "requeue": lambda c: calculations.requeue_ended(c, of(*IDS), "request"),
    "withdraw": lambda c: calculations.withdraw_cancel(c, IDS),
    "cancel": lambda c: calculations.cancel_calculation(c, IDS[0], CANCELLED_JSON),
    "cancel many": lambda c: cancellation.cancel_calculations(
        c, IDS, Filters(), CANCELLED_JSON, None
    ),
    "find ids to cancel": lambda c: cancellation.find_unfinished(c, IDS, start=None, most=LIMIT),
    "wait for one": lambda c: cancellation.wait_until_unlocked(c, IDS[0]),
    "put back": lambda c: outbox.put_back(c, IDS),
    "quick results": lambda c: quick.finish_quick_succeeded(c, RESULTS),
    "quick failures": lambda c: quick.finish_quick_failed(c, dict.fromkeys(IDS, CANCELLED_JSON)),
    "move": lambda c: quick.move_to_heavy(c, IDS),
    "insert batch": lambda c: new_calculations.insert_queued(c, of(*IDS), "request"),
    "insert": lambda c: new_calculations.insert_new(
        [New(calculation, None, "request") for calculation in of(*IDS)]
    ).on(c),
    "claim": lambda c: leases.claim_calculation(c, IDS[0], lease_seconds=9, **MINE),
    "prune": lambda c: removal.prune_results(c, IDS, MOMENT),
    "prune a long one": lambda c: removal.prune_results(c, IDS, MOMENT, is_long=True),
    "forget": lambda c: removal.forget_calculations(c, IDS, MOMENT),
}


UNDER_A_CLAIM = {
    "extend": lambda c: leases.extend_leases(c, RENEWALS, lease_seconds=9, **MINE),
    "release": lambda c: attempts.release_calculation(c, CLAIM, **MINE),
    "succeed": lambda c: attempts.finish_succeeded(c, CLAIM, make_result(), **MINE),
    "fail": lambda c: attempts.finish_failed(c, CLAIM, CANCELLED_JSON, **MINE),
}


@pytest.mark.parametrize("use", BY_KEY.values(), ids=BY_KEY)
@pytest.mark.parametrize("way", ["transactions", "at_once"])
def test_rows_are_found_by_their_ids(request, way, use):
    """With statistics from before a burst, the planner prefers the index that holds the burst."""
    nodes = request.getfixturevalue(way).nodes(use)
    others = {f"{table}_pkey" for table in ("result_chunks", "lost_attempts", "handed_back")}
    assert indexes(nodes) <= {"calculations_pkey", "stored_results_pkey", *others}
    assert "calculations_pkey" in indexes(nodes)
    assert rows_read(nodes) <= 2 * len(IDS)


@pytest.mark.parametrize("use", UNDER_A_CLAIM.values(), ids=UNDER_A_CLAIM)
def test_claims_are_found_by_their_ids_or_their_worker(transactions, use):
    nodes = transactions.nodes(use)
    assert indexes(nodes) & {"calculations_pkey", "calculations_leases"}
    assert rows_read(nodes) <= 2 * len(IDS)


def test_the_relay_reads_only_the_rows_it_takes(at_once):
    nodes = at_once.nodes(lambda connection: outbox.take_due(LIMIT).on(connection))
    assert "calculations_outbox" in indexes(nodes)
    # Each row once to find it, and once to mark it.
    assert rows_read(nodes) <= 3 * LIMIT


def test_the_relay_reads_only_the_heavy_rows_that_it_takes_and_those_of_the_window(at_once):
    def look(connection):
        connection.execute(
            text(
                "UPDATE calculations SET published_at = NULL, estimate_seconds = 0.001"
                " WHERE (status = 'queued') IS TRUE"
            )
        )
        assert len(take_heavy(LIMIT, 100.0).on(connection).due) == LEAST_WINDOW
        after = take_heavy(LIMIT, 100.0).on(connection)
        assert (after.due, after.claims_until_room) == ([], LEAST_WINDOW // 2)

    nodes = at_once.nodes(look)
    assert {"calculations_heavy_outbox", "calculations_waiting"} <= indexes(nodes)
    read = [node for node in nodes if node.get("Index Name") == "calculations_heavy_outbox"]
    assert rows_read(read) <= LEAST_WINDOW


def test_a_window_that_an_earlier_version_has_filled_is_not_counted_to_its_end(at_once):
    nodes = at_once.nodes(lambda connection: take_heavy(LIMIT).on(connection))
    assert indexes(nodes) >= {"calculations_waiting"}
    assert rows_read(nodes) <= MOST_COUNTED


@pytest.mark.parametrize("waiting", [0.0, 0.9])
def test_the_lag_of_publication_is_found_without_reading_what_waits(transactions, waiting):
    def look(connection):
        connection.execute(
            text(
                "UPDATE calculations SET published_at = NULL"
                " WHERE (status = 'queued') IS TRUE AND random() < :waiting"
            ),
            {"waiting": waiting},
        )
        measure_lag_seconds(connection)

    nodes = transactions.nodes(look)
    read = [node for node in nodes if "Index Name" in node]
    assert {"calculations_heavy_outbox", "calculations_waiting"} == indexes(read)
    assert rows_read(read) <= 1 + LEAST_WINDOW


def test_the_next_due_time_is_found_by_an_index(at_once):
    nodes = at_once.nodes(outbox.seconds_to_next)
    assert indexes(nodes) == {"calculations_outbox"}
    assert rows_read(nodes) <= len(Lane)


def test_the_oldest_publication_is_found_by_an_index(transactions):
    nodes = transactions.nodes(lambda c: outbox.oldest_waiting_seconds(c, Lane.QUICK))
    assert indexes(nodes) == {"calculations_waiting"}
    assert rows_read(nodes) == 1


@pytest.mark.parametrize("queue_is_empty", [True, False])
def test_lost_messages_are_found_by_an_index(transactions, queue_is_empty):
    nodes = transactions.nodes(
        lambda connection: outbox.republish_lost(
            connection,
            Lane.QUICK,
            queue_is_empty=queue_is_empty,
            older_than_seconds=60,
            limit=LIMIT,
        )
    )
    assert "calculations_waiting" in indexes(nodes)
    assert rows_read(nodes) <= 3 * LIMIT


def test_lost_leases_are_found_by_an_index(transactions):
    nodes = transactions.nodes(lambda connection: expire(connection, limit=LIMIT))
    assert "calculations_leases" in indexes(nodes)
    assert rows_read(nodes) <= RUNNING + 3 * LIMIT


def test_calculations_of_workers_are_found_by_an_index(transactions):
    def look(connection):
        presence.upsert_worker(connection, uuid4(), host="h", pid=1, lane=Lane.HEAVY, slots=1)
        presence.list_workers(connection, 15)

    nodes = transactions.nodes(look)
    assert "calculations_leases" in indexes(nodes)
    assert rows_read(nodes) <= RUNNING


@pytest.mark.parametrize(
    "look", [system.count_lanes, system.measure_outbox, queued_work.sum_queued_work]
)
def test_waiting_calculations_are_counted_without_reading_finished_ones(transactions, look):
    nodes = transactions.nodes(look)
    assert indexes(nodes)
    assert "calculations_list" not in indexes(nodes)
    assert rows_read(nodes) <= BURST + RUNNING + OLD / 100


def test_recent_results_are_counted_without_reading_old_ones(transactions):
    nodes = transactions.nodes(system.count_finished_last_minute)
    assert indexes(nodes) == {"calculations_finished"}
    assert rows_read(nodes) <= BURST + RUNNING + OLD / 4


def test_costs_are_learnt_from_a_few_rows_of_each_function(transactions):
    nodes = transactions.nodes(
        lambda connection: functions.learn_costs(connection, rows=LIMIT, runs=LIMIT)
    )
    assert indexes(nodes) <= {"calculations_list", "functions_pkey"}
    # Three functions in two lanes, and the steps to find the functions.
    assert rows_read(nodes) <= 3 * 2 * LIMIT + 4


@pytest.mark.parametrize("is_first", [True, False], ids=["first call", "later call"])
@pytest.mark.parametrize("submitted_by", [None, "nobody"])
@pytest.mark.parametrize(
    "filters",
    [
        Filters(status=Status.QUEUED),
        Filters(function="rare"),
        Filters(lane=Lane.HEAVY, function="fibonacci"),
        Filters(),
    ],
    ids=str,
)
def test_what_to_cancel_is_found_by_looking_at_few(transactions, is_first, submitted_by, filters):
    with transactions.engine.connect() as connection:
        start = None if is_first else cancellation.Place(*middle(connection))
    nodes = transactions.nodes(
        lambda connection: cancellation.find_matching(
            connection, filters, submitted_by, start=start, most=LIMIT, most_looked_at=3 * LIMIT
        )
    )
    assert indexes(nodes) <= {"calculations_list", "calculations_pkey"}
    looked_at = (LIMIT if submitted_by is None else 3 * LIMIT) + 1
    streams = len(filters.lanes) * (1 if filters.status else 2) * (1 if filters.function else 3)
    assert rows_read(nodes) <= (streams + 1) * looked_at + 4


def test_what_was_handed_back_is_reviewed_without_reading_others(transactions):
    nodes = transactions.nodes(
        lambda connection: handed_back.review_handed_back(connection, IDS[0], LIMIT)
    )
    assert rows_read(nodes) == 0


def test_chunks_are_found_by_their_key(transactions):
    nodes = transactions.nodes(lambda connection: chunks.find_chunk(connection, IDS[0], 1, 3))
    assert rows_read(nodes, "result_chunks") == 0


LATELY = timedelta(minutes=5)


def moments(connection):
    """Return the end of a time in which few of many have finished, and its beginning."""
    end = connection.execute(text("SELECT max(finished_at) FROM calculations")).scalar_one()
    return end, end - LATELY


RETENTION = {
    "count": lambda c, end, begin: counting.count_slice(c, begin, end),
    "list": lambda c, end, begin: candidates.list_candidates(
        c, Selection(end), Position(begin), end, LIMIT
    ),
    "list documents": lambda c, end, begin: candidates.list_candidates(
        c, Selection(end, "fibonacci", forget=True), Position(begin), end, LIMIT
    ),
    "settle": lambda c, end, _: removal.settle_hour(c, end, forget=True),
    "measure": lambda c, *_: measure_storage(c),
}


@pytest.mark.parametrize("use", RETENTION.values(), ids=RETENTION)
def test_what_finished_in_a_time_is_found_without_reading_all(transactions, use):
    with transactions.engine.connect() as connection:
        end, begin = moments(connection)

    def look(connection):
        connection.execute(
            text("UPDATE retention SET counted_until = now() - interval '5 minutes'")
        )
        connection.execute(text("INSERT INTO stored_results VALUES (:hour, 1, 1)"), {"hour": end})
        counting.limit_statements(connection, 20)
        use(connection, end, begin)

    nodes = transactions.nodes(look)
    assert "calculations_finished" in indexes(nodes)
    assert rows_read(nodes) <= BURST + RUNNING + OLD / 4


def test_what_is_unfinished_is_counted_without_reading_what_has_finished(transactions):
    nodes = transactions.nodes(measure_queues)
    read = [node for node in nodes if node.get("Relation Name") == "calculations"]
    assert indexes(read) <= {
        "calculations_outbox",
        "calculations_waiting",
        "calculations_leases",
        "calculations_not_succeeded",
    }
    assert rows_read(read) <= 2 * (BURST + RUNNING)


UNFINISHED = {
    "calculations_outbox",
    "calculations_heavy_outbox",
    "calculations_waiting",
    "calculations_leases",
    "calculations_not_succeeded",
}


def test_a_minute_of_the_history_reads_nothing_of_what_has_finished(transactions):
    def look(connection):
        connection.execute(
            text(
                "UPDATE history_totals SET totals = CAST(:totals AS jsonb), read_at = now() - "
                "interval '60 s'"
            ),
            {"totals": json.dumps({lane: LaneTotals().members() for lane in Lane})},
        )
        assert record_minute(connection)

    read = [
        node for node in transactions.nodes(look) if node.get("Relation Name") == "calculations"
    ]
    assert read
    assert indexes(read) <= UNFINISHED
    assert rows_read(read) <= 3 * (BURST + RUNNING)


@pytest.mark.parametrize("use", [count_failures, list_running], ids=["failures", "running"])
def test_failures_and_what_runs_are_found_without_reading_what_has_succeeded(transactions, use):
    read = [node for node in transactions.nodes(use) if node.get("Relation Name") == "calculations"]
    assert indexes(read) <= UNFINISHED
    assert rows_read(read) <= BURST + RUNNING


def test_a_list_reads_few_of_the_entries_that_former_states_have_left(transactions):
    """Each calculation has been queued: until it is vacuumed the index has that entry too.

    The last test: what it leaves in the table changes what the planner knows of it.
    """

    def look(connection):
        connection.execute(
            text(
                "UPDATE calculations SET status = 'cancelled', finished_at = now(), error = '{}'"
                " WHERE (status = 'queued') IS TRUE"
            )
        )
        assert len(page(connection, Filters())) == LIMIT

    nodes = transactions.nodes(look)
    visited = sum(node.get("Heap Fetches", 0) for node in nodes)
    assert LIMIT <= visited <= 3 * 10 * LIMIT < BURST
