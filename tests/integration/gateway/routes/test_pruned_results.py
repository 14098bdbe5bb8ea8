"""A result that was removed to free space, and is computed again on request."""

import asyncio
import json

import pytest
from sqlalchemy import text

from shared.calculator import Calculator
from shared.store.notifications import notify_changed
from shared.store.quick import finish_quick_succeeded
from shared.store.results.chunks import find_chunk
from tests.asgi import serving
from tests.eventually import eventually
from tests.integration.results import store_result
from tests.integration.rows import prune_result, row_of

INLINE = {"n": 1_000}  # computed in the request
QUEUED = {"n": 300_000}  # 62,695 digits, in a chunk


def pruned(engine, arguments):
    calculation, computed = store_result(engine, arguments)
    with engine.begin() as connection:
        assert prune_result(connection, calculation.id)
    return calculation, computed


def body_of(arguments):
    return json.dumps({"function": "fibonacci", "arguments": arguments}).encode()


def ask(settings, registry, *requests):
    """Send requests one after the other, as (method, path, body, headers); return the responses."""

    async def scenario():
        async with serving(settings, registry) as client:
            return [
                await client.ask(method, path, body=body, **headers)
                for method, path, body, headers in requests
            ]

    return asyncio.run(scenario())


def finish_again(engine, calculation):
    computed = Calculator().compute(calculation.function, calculation.arguments)
    with engine.begin() as connection:
        assert finish_quick_succeeded(connection, {calculation.id: computed}).ids == {
            calculation.id
        }
        notify_changed(connection, [calculation.id])


def test_until_it_is_resubmitted_its_document_stays_and_its_digits_are_gone(
    engine, store_settings, registry
):
    calculation, computed = pruned(engine, INLINE)
    path = f"/calculations/{calculation.id}"
    document, result, cancel = ask(
        store_settings,
        registry,
        ("GET", path, b"", {}),
        ("GET", f"{path}/result", b"", {}),
        ("DELETE", path, b"", {}),
    )
    assert document.json()["status"] == "succeeded"
    assert document.json()["result"]["sha256"] == computed.sha256
    assert document.json()["result"]["value"] is None
    assert "x-accel-expires" not in document.headers  # it may have a value again at any time
    assert result.status == 410
    assert result.json()["type"].endswith("result-pruned")
    assert (cancel.status, cancel.json()["calculation_status"]) == (409, "succeeded")


SUBMISSIONS: dict[str, tuple[str, str, bytes, dict[str, str]]] = {
    "alone": ("POST", "/calculations", body_of(QUEUED), {}),
    "in a batch": (
        "POST",
        "/calculations/batch",
        b'{"calculations": [%s]}' % body_of(QUEUED),
        {},
    ),
    "as one line of text": ("GET", "/calculate/300000", b"", {}),
}


@pytest.mark.parametrize("case", SUBMISSIONS)
def test_resubmitting_it_queues_it_again(engine, store_settings, registry, case):
    calculation, computed = pruned(engine, QUEUED)
    path = f"/calculations/{calculation.id}"
    submitted, document, result = ask(
        store_settings,
        registry,
        SUBMISSIONS[case],
        ("GET", path, b"", {}),
        ("GET", f"{path}/result", b"", {}),
    )
    assert submitted.status == 202
    if case == "in a batch":
        assert submitted.json()["accepted"] == 1
        assert submitted.json()["calculations"][0]["status"] == "queued"
    assert (document.json()["status"], document.json()["result"]) == ("queued", None)
    assert document.json()["attempts"] == 1  # it only grows
    assert (result.status, result.json()["type"].rsplit(":")[-1]) == (409, "not-finished")
    finish_again(engine, calculation)
    document, result = ask(
        store_settings, registry, ("GET", path, b"", {}), ("GET", f"{path}/result", b"", {})
    )
    assert document.json()["status"] == "succeeded"
    assert document.headers["x-accel-expires"]
    assert result.body == computed.data


def test_a_cheap_one_is_recomputed_at_once(engine, store_settings, registry):
    calculation, computed = pruned(engine, INLINE)
    submitted, line = ask(
        store_settings,
        registry,
        ("POST", "/calculations", body_of(INLINE), {}),
        ("GET", "/calculate/1000", b"", {}),
    )
    assert submitted.status == 200
    assert submitted.json()["result"]["value"] == computed.text_in_row
    assert line.body.decode() == f"fibonacci(1000) = {computed.text_in_row}\n"
    with engine.begin() as connection:
        assert row_of(connection, calculation).result_pruned_at is None


def test_a_waiting_request_gets_the_recomputed_result(engine, store_settings, registry):
    calculation, computed = pruned(engine, QUEUED)

    async def scenario():
        async with serving(store_settings, registry) as client:
            waiting = asyncio.create_task(
                client.ask("POST", "/calculations", body=body_of(QUEUED), prefer="wait=60")
            )
            await asyncio.to_thread(finish_when_queued, engine, calculation)
            return await asyncio.wait_for(waiting, 30)

    answer = asyncio.run(scenario())
    assert answer.status == 200
    assert answer.json()["result"]["sha256"] == computed.sha256


def finish_when_queued(engine, calculation):
    def is_queued():
        with engine.begin() as connection:
            return row_of(connection, calculation).status == "queued"

    eventually(is_queued)
    finish_again(engine, calculation)


def test_one_that_was_queued_again_can_be_cancelled_and_leaves_no_result(
    engine, store_settings, registry
):
    calculation, _ = pruned(engine, QUEUED)
    path = f"/calculations/{calculation.id}"
    _, cancelled, document = ask(
        store_settings,
        registry,
        SUBMISSIONS["alone"],
        ("DELETE", path, b"", {}),
        ("GET", path, b"", {}),
    )
    assert cancelled.status == 200
    assert (document.json()["status"], document.json()["result"]) == ("cancelled", None)
    with engine.begin() as connection:
        chunks = connection.execute(text("SELECT count(*) FROM result_chunks")).scalar_one()
    assert chunks == 0


def test_digits_that_are_pruned_during_a_download_are_410_and_not_corrupt(
    engine, store_settings, registry, caplog, monkeypatch
):
    """The row is read before, its chunk after."""
    calculation, _ = store_result(engine, QUEUED)

    def find_after_pruning(connection, *chunk):
        with engine.begin() as other:
            assert prune_result(other, calculation.id)
        return find_chunk(connection, *chunk)

    monkeypatch.setattr("gateway.routes.result_bytes.find_chunk", find_after_pruning)
    (answer,) = ask(
        store_settings, registry, ("GET", f"/calculations/{calculation.id}/result", b"", {})
    )
    assert answer.status == 410
    assert not caplog.records
