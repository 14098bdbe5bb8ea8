"""Many wrong keys at once, through HTTP: they cost little, and right ones do not notice."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import text

from shared.keys.credential import new_credential
from tests.integration.gateway.access.key_rows import bearer, make_key
from tests.integration.gateway.server.running import running_gateway

_GUESSERS, _GUESSES = 30, 3


def scans(engine):
    """Return how often the table of keys was read, as far as it is counted by now."""
    with engine.begin() as connection:
        return connection.execute(
            text("""
                SELECT coalesce(seq_scan, 0) + coalesce(idx_scan, 0) FROM pg_stat_user_tables
                WHERE relname = 'api_keys'""")
        ).scalar_one()


@pytest.mark.slow
def test_guesses_share_a_few_readings_and_do_not_keep_right_keys_waiting(engine, database_url):
    key = make_key(engine)

    def guess(client):
        """Send unknown ids, and wrong secrets of a known one."""
        return [
            client.get(
                "/functions", headers={"Authorization": bearer(new_credential(key_id))}
            ).status_code
            for key_id in (None, key.id, None)[:_GUESSES]
        ]

    with (
        running_gateway(database_url, keys="on") as (_, port),
        ThreadPoolExecutor(_GUESSERS) as threads,
    ):
        url = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=url, timeout=30) as client:
            right = {"Authorization": bearer(key)}
            assert client.get("/functions", headers=right).status_code == 200
            before, began = scans(engine), time.monotonic()
            guesses = [threads.submit(guess, client) for _ in range(_GUESSERS)]
            answers = []
            while not all(one.done() for one in guesses):
                answers.append(client.get("/functions", headers=right).status_code)
            seconds = time.monotonic() - began
            assert {status for one in guesses for status in one.result()} == {401}
    # The gateway has ended, so that all is counted. Each guess has waited for a reading.
    assert set(answers) == {200}
    assert len(answers) > _GUESSES
    assert _GUESSES <= scans(engine) - before <= 2 * seconds + 3
