"""PostgreSQL that crashes, or whose disk is full, and what it stored gone bad."""

import os
import signal
import time

import httpx
import pytest

from tests.eventually import eventually
from tests.faults.bounds import LOST_LEASE, RECONNECT, RETRY, together
from tests.faults.disk import disk_for_digits
from tests.faults.load import heavy_ones, long_ones, quick_ones
from tests.faults.settings import PREFETCH

#: What a full disk still has room for, in pages that were free before.
_CHUNKS_LEFT = 40


@pytest.mark.short
def test_postgresql_killed_and_restarted(stack, trial):
    """Immediate shutdown: every connection ends, and the next start recovers from the log."""
    trial.load.submit(long_ones(2, tenths=40))
    trial.fill()
    trial.hit("PostgreSQL: immediate shutdown, restart", at_least_quick=1_000, at_least_heavy=10)
    stop_at_once(stack)
    refused = stack.client.post(
        f"{stack.url}/calculations", json={"function": "fibonacci", "arguments": {"n": 123_456_789}}
    )
    assert refused.status_code == 503
    assert "Retry-After" in refused.headers
    stack.postgres.start()
    stack.postgres.wait_ready()
    trial.clock()
    trial.resumes(RETRY)
    trial.end()


def test_both_at_once(stack, trial):
    trial.load.submit(long_ones(2, tenths=40))
    trial.fill()
    trial.hit("PostgreSQL and RabbitMQ killed at once", at_least_quick=1_000, at_least_heavy=10)
    stop_at_once(stack)
    stack.rabbitmq.kill()
    stack.postgres.start()
    stack.postgres.wait_ready()
    stack.rabbitmq.start()
    stack.rabbitmq.wait_ready()
    trial.clock()
    trial.resumes(together(RETRY, RECONNECT), held=PREFETCH)
    trial.end()


def test_postgresql_says_that_its_disk_is_full(stack, trial):
    with disk_for_digits(stack) as disk:
        running = trial.load.submit(heavy_ones(10), long_ones(2))
        trial.load.submit(quick_ones(1_500))
        trial.hit(f"{disk.what}, for 8 s", at_least_heavy=10)
        disk.fill()
        full_since = time.monotonic()
        eventually(lambda: disk.refusals() > 3, within_seconds=60)
        before = chunks(stack)
        eventually(lambda: time.monotonic() > full_since + 8, within_seconds=10)
        assert chunks(stack) - before < _CHUNKS_LEFT
        disk.free()
        trial.clock()
        trial.recovers(lambda: chunks(stack) > before + _CHUNKS_LEFT, LOST_LEASE)
        eventually(lambda: all(trial.is_final(i) for i in running), within_seconds=90)
        trial.end()


@pytest.mark.parametrize("damage", ["a digit", "a whole chunk"])
def test_a_damaged_result_never_downloads_well(stack, trial, damage):
    [whole] = trial.load.submit(heavy_ones(1))
    eventually(lambda: trial.is_final(whole), within_seconds=60)
    path = f"{stack.url}/calculations/{whole}/result"
    good = stack.client.get(path)
    assert good.status_code == 200
    trial.fill(quick=1_500)
    trial.hit(f"a stored chunk is damaged: {damage}", at_least_quick=1_000, at_least_heavy=10)
    stack.execute(
        "CREATE TABLE kept AS SELECT * FROM result_chunks WHERE calculation_id = :id", id=whole
    )
    if damage == "a digit":
        stack.execute(
            "UPDATE result_chunks SET digits = overlay(digits PLACING "
            "CASE substr(digits, 777, 1) WHEN '1' THEN '2' ELSE '1' END FROM 777) "
            "WHERE calculation_id = :id AND ordinal = 3",
            id=whole,
        )
    else:
        stack.execute(
            "DELETE FROM result_chunks WHERE calculation_id = :id AND ordinal = 3", id=whole
        )
    with pytest.raises(httpx.TransportError):
        stack.client.get(path)
    trial.clock()
    trial.resumes((0.0, "found when read: the download breaks off"))
    stack.execute("DELETE FROM result_chunks WHERE calculation_id = :id", id=whole)
    stack.execute("INSERT INTO result_chunks SELECT * FROM kept")
    stack.execute("DROP TABLE kept")
    assert stack.client.get(path).content == good.content
    trial.end()


def stop_at_once(stack) -> None:
    """PostgreSQL's immediate shutdown."""
    os.kill(stack.postgres.pid, signal.SIGQUIT)
    eventually(lambda: not stack.postgres.running, within_seconds=30)
    stack.postgres.kill()


def chunks(stack) -> int:
    found: int = stack.scalar("SELECT count(*) FROM result_chunks")
    return found
