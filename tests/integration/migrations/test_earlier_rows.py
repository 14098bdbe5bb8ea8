"""What schema 0003 held is read after the upgrade, while code for 0003 still writes."""

import json

import pytest
from sqlalchemy import create_engine, text

from migrations.errors import SchemaUnfit
from migrations.schema import downgrade, upgrade
from reckoner.authoring.results.kinds import ResultKind
from shared.calculation import Lane
from shared.result import CHUNK_BYTES, Result
from shared.store import calculations, leases, presence, quick
from shared.store.outbox import outbox
from shared.store.results import chunks
from tests.factories import make_calculation
from tests.integration.migrations.upgrading import revision_of
from tests.integration.rows import WORKER, prune_result, queue, row_of

LONG = b"7" * (CHUNK_BYTES + 5)

#: As code for 0003 stores a calculation, finishes it in its row, or in chunks.
INSERT = text("""
    INSERT INTO calculations (id, function, version, arguments, status, lane, estimate_seconds,
                              estimate_digits, estimate_bytes, request_id)
    VALUES (:id, 'fibonacci', 1, CAST(:arguments AS jsonb), 'queued', :lane, 0.5, 3, 100, 'old')""")
FINISH = text("""
    UPDATE calculations
    SET status = 'succeeded', progress = 1, attempt = attempt + 1, started_at = now(),
        finished_at = now(), compute_seconds = 0.25, result_digits = :length,
        result_sha256 = :sha256, result_head = :head, result_tail = :tail, result_value = :value,
        result_attempt = CASE WHEN CAST(:value AS text) IS NULL THEN attempt + 1 END
    WHERE id = :id AND status = 'queued'""")
INSERT_CHUNK = text("""
    INSERT INTO result_chunks (calculation_id, attempt, ordinal, digits)
    VALUES (:id, 1, :ordinal, :digits)""")
INSERT_WORKER = text("""
    INSERT INTO workers (id, host, pid, lane, slots) VALUES (:id, 'old', 1, 'quick', 1)""")


def insert(connection, n, lane=Lane.QUICK):
    calculation = make_calculation(arguments={"n": n}, lane=lane)
    connection.execute(
        INSERT, {"id": calculation.id, "arguments": json.dumps({"n": n}), "lane": str(lane)}
    )
    return calculation


def finish(connection, calculation, data):
    result = Result.of(ResultKind.DIGITS, data, 0.25)
    values = {
        "id": calculation.id,
        "length": result.length,
        "sha256": result.sha256,
        "head": result.head,
        "tail": result.tail,
        "value": result.text_in_row,
    }
    connection.execute(FINISH, values)
    for ordinal, chunk in enumerate(result.chunks()):
        digits = {"id": calculation.id, "ordinal": ordinal, "digits": chunk.decode()}
        connection.execute(INSERT_CHUNK, digits)


@pytest.fixture
def engine(url):
    """Connections to a database that stands at 0003."""
    upgrade(url, "0003")
    engine = create_engine(url)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("is_upgraded_first", [False, True])
def test_what_code_for_0003_stored_before_or_stores_after_the_upgrade_is_read(
    url, engine, is_upgraded_first
):
    if is_upgraded_first:
        upgrade(url)
    with engine.begin() as connection:
        short, long, waiting = (insert(connection, n) for n in (10, 20, 30))
        claimed = insert(connection, 10**9, Lane.HEAVY)
        finish(connection, short, b"55")
        finish(connection, long, LONG)
        connection.execute(INSERT_WORKER, {"id": WORKER})
    upgrade(url)
    with engine.begin() as connection:
        row = row_of(connection, short)
        assert (row.kind, row.length, row.check) == (ResultKind.DIGITS, 2, "residue")
        assert (row.canonical_arguments, row.bytes_in_row) == ('{"n":10}', b"55")
        row = row_of(connection, long)
        stored = [chunks.find_chunk(connection, long.id, 1, ordinal) for ordinal in (0, 1, 2)]
        assert (row.length, stored) == (len(LONG), [LONG[:CHUNK_BYTES], LONG[CHUNK_BYTES:], None])
        (due,) = outbox.take_due(10).on(connection)
        assert (due.work.calculation_id, due.work.arguments_text) == (waiting.id, '{"n":30}')
        claim = leases.claim_calculation(connection, claimed.id, worker_id=WORKER, lease_seconds=60)
        assert claim is not None
        assert (claim.arguments_text, claim.estimate_seconds) == ('{"n":1000000000}', 0.5)
        assert presence.find_oldest_message_version(connection, Lane.QUICK) == 2
        assert presence.find_oldest_message_version(connection, Lane.HEAVY) is None


def test_code_for_0003_computes_again_what_this_version_stored(url, engine):
    upgrade(url)
    with engine.begin() as connection:
        calculation = queue(connection, n=10)
        quick.finish_quick_succeeded(
            connection, {calculation.id: Result.of(ResultKind.DIGITS, b"55", 0.1, check="residue")}
        )
        prune_result(connection, calculation.id)
        connection.execute(
            text("""
                UPDATE calculations
                SET status = 'queued', progress = 0, published_at = NULL, started_at = NULL,
                    finished_at = NULL, compute_seconds = NULL, result_digits = NULL,
                    result_sha256 = NULL, result_head = NULL, result_tail = NULL,
                    result_value = NULL, result_attempt = NULL, result_pruned_at = NULL""")
        )
        finish(connection, calculation, b"55")
        (row,) = calculations.find_calculations([calculation.id]).on(connection)
    assert (row.kind, row.length, row.check) == (ResultKind.DIGITS, 2, "residue")
    assert row.bytes_in_row == b"55"


def test_digits_go_down_to_0003_and_up_again(url, engine, watcher):
    upgrade(url)
    with engine.begin() as connection:
        short, long = queue(connection, n=10), queue(connection, n=20)
        results = {
            one.id: Result.of(ResultKind.DIGITS, data, 0.1, check="residue")
            for one, data in ((short, b"55"), (long, LONG))
        }
        quick.finish_quick_succeeded(connection, results)
        waiting = queue(connection, n=30)
    downgrade(url, "0003")
    assert revision_of(watcher) == "0003"
    stored = "SELECT id, arguments, result_digits, result_value FROM calculations"
    assert {row[0]: tuple(row[1:]) for row in watcher.execute(text(stored))} == {
        short.id: ({"n": 10}, 2, "55"),
        long.id: ({"n": 20}, len(LONG), None),
        waiting.id: ({"n": 30}, None, None),
    }
    upgrade(url)
    with engine.begin() as connection:
        assert row_of(connection, short).canonical_arguments == short.arguments.text
        assert chunks.find_chunk(connection, long.id, 1, 1) == LONG[CHUNK_BYTES:]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE calculations SET estimate_seconds = NULL",
        """UPDATE calculations SET arguments_text = '{"x":1.5}'""",
        """UPDATE calculations SET arguments_text = '{"x":1e-7}'""",
        """UPDATE calculations
           SET status = 'succeeded', finished_at = now(), started_at = now(), result_kind = 'json',
               result_length = 2, result_sha256 = repeat('0', 64), result_value = '{}'""",
        # Of an attempt that was lost.
        """INSERT INTO result_chunks (calculation_id, attempt, ordinal, data)
           SELECT id, 1, 0, 'x' FROM calculations""",
    ],
)
def test_what_0003_cannot_hold_is_not_taken_down(url, engine, watcher, change):
    upgrade(url)
    with engine.begin() as connection:
        queue(connection)
        connection.exec_driver_sql(change)
    with pytest.raises(SchemaUnfit, match="cannot hold"):
        downgrade(url, "0003")
    assert revision_of(watcher) == "0004"
    unvalidated = "SELECT count(*) FROM pg_constraint WHERE NOT convalidated"
    assert watcher.execute(text(unvalidated)).scalar_one() == 0


def test_an_upgrade_that_stopped_before_its_validation_completes(url, engine, watcher, monkeypatch):
    with engine.begin() as connection:
        finish(connection, insert(connection, 10), b"55")
    upgrade(url)
    # As it is when the process ended between the two parts.
    watcher.execute(text("UPDATE alembic_version SET version_num = '0003'"))
    watcher.execute(
        text(
            "ALTER TABLE calculations DROP CONSTRAINT calculations_result_check, "
            "ADD CONSTRAINT calculations_result_check CHECK (result_sha256 IS NULL) NOT VALID"
        )
    )
    watcher.execute(text("ALTER TABLE calculations DROP CONSTRAINT calculations_result_kind_check"))
    upgrade(url)
    assert revision_of(watcher) == "0007"
    checks = """
        SELECT count(*) FROM pg_constraint
        WHERE convalidated AND conname ~ 'calculations_(result|result_kind)_check'"""
    assert watcher.execute(text(checks)).scalar_one() == 2
