"""Batches of any size, lists and cancelling many."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest

from reckoner.client import InvalidRequest, LimitExceeded, WaitTimeout
from reckoner.client.documents.problem import problem_from
from reckoner.client.operations import batch as batches
from reckoner.client.operations.batch import Item, batch, counted_from, pages, submit_many
from reckoner.client.operations.many import cancel_many, count, list_calculations, written
from tests.unit.reckoner.client.playing import ID, answer, document, problem, service, unfinished


def items(count):
    return [("fibonacci", {"n": n}) for n in range(count)]


def numbers(page):
    return [json.loads(text)["arguments"]["n"] for text in page]


def identity(n):
    return str(UUID(int=n))


def submitted(count, first=0, status="queued"):
    found = [{"id": identity(n), "status": status} for n in range(first, first + count)]
    return answer({"calculations": found, "accepted": count, "existing": 0}, 202)


def test_pages_have_as_many_items_as_a_request_may():
    assert [len(page) for page in pages(items(25_000))] == [10_000, 10_000, 5_000]
    assert [len(page) for page in pages(items(10_000))] == [10_000]
    assert list(pages([])) == []


def test_pages_have_as_many_bytes_as_a_request_may():
    text = "é" * 100_000  # 600,000 bytes of JSON
    found = list(pages([("text", {"text": text})] * 10))
    assert [len(page) for page in found] == [6, 4]
    bodies = ['{"calculations":[' + ",".join(page) + "]}" for page in found]
    assert all(len(body.encode()) <= 4 * 1024 * 1024 for body in bodies)


def test_a_page_may_be_exactly_as_long_as_a_request(monkeypatch):
    one = len(next(pages([("f", {})]))[0])
    exact = len('{"calculations":[]}') + 2 * one + 1
    monkeypatch.setattr(batches, "MAX_PAGE_BYTES", exact + 1)  # a comma more than there is
    assert [len(page) for page in pages([("f", {})] * 4)] == [2, 2]
    monkeypatch.setattr(batches, "MAX_PAGE_BYTES", exact - 1)
    assert [len(page) for page in pages([("f", {})] * 4)] == [1, 1, 1, 1]


def test_an_item_that_fits_no_request_is_sent_for_the_service_to_refuse():
    large = ("text", {"text": "x" * 5_000_000})
    assert [len(page) for page in pages([large, *items(1)])] == [1, 1]


def test_an_item_may_be_a_mapping():
    given: list[Item] = [
        {"function": "pi", "arguments": {"n": 1}},
        {"function": "mandelbrot"},
    ]
    assert [json.loads(text) for text in next(pages(given))] == [
        {"function": "pi", "arguments": {"n": 1}},
        {"function": "mandelbrot", "arguments": {}},
    ]
    others: list[dict[str, object]] = [{"arguments": {}}, {"function": "pi", "argument": {}}]
    for wrong in others:
        with pytest.raises(ValueError, match="members `function` and `arguments`"):
            list(pages([wrong]))


def test_results_come_in_order_and_the_next_page_is_submitted_before(player, monkeypatch):
    monkeypatch.setattr(batches, "MAX_PAGE_CALCULATIONS", 2)
    finished = [answer(document(id=identity(n))) for n in range(3)]
    player.answers = iter([submitted(2), submitted(1, 2), *finished])
    player.play(batch(service(), items(3), None))
    assert [one.id.int for one in player.emitted] == [0, 1, 2]
    assert [call.method for call in player.calls] == ["POST", "POST", "GET", "GET", "GET"]


def test_a_page_without_room_is_submitted_after_the_last_one(player, monkeypatch):
    monkeypatch.setattr(batches, "MAX_PAGE_CALCULATIONS", 2)
    full = problem(503, "queue-full", Retry_After="3600")
    finished = [answer(document(id=identity(n))) for n in range(3)]
    player.answers = iter([submitted(2), full, *finished[:2], submitted(1, 2), finished[2]])
    player.play(batch(service(), items(3), None))
    assert [one.id.int for one in player.emitted] == [0, 1, 2]
    player.answers = iter([full])
    with pytest.raises(LimitExceeded):
        player.play(batch(service(), items(3), None))


def test_one_that_failed_is_yielded_like_the_others(player):
    failed = answer(document(status="failed", result=None))
    player.answers = iter([submitted(2), failed, answer(document())])
    player.play(batch(service(), items(2), None))
    assert [one.status for one in player.emitted] == ["failed", "succeeded"]


def test_a_batch_has_one_time_out(player):
    def answers():
        yield submitted(2)
        yield answer(document())
        player.now += 5
        yield answer(unfinished())

    player.answers = answers()
    with pytest.raises(WaitTimeout):
        player.play(batch(service(), items(2), 5))
    assert len(player.emitted) == 1


def test_a_batch_that_is_only_submitted_yields_ids(player, monkeypatch):
    monkeypatch.setattr(batches, "MAX_PAGE_CALCULATIONS", 2)
    player.answers = iter([submitted(2), submitted(1, 2, "succeeded")])
    player.play(submit_many(service(), items(3)))
    assert [(one.id.int, one.status) for one in player.emitted] == [
        (0, "queued"),
        (1, "queued"),
        (2, "succeeded"),
    ]


def test_faults_are_counted_from_the_beginning_of_the_whole_batch(player, monkeypatch):
    monkeypatch.setattr(batches, "MAX_PAGE_CALCULATIONS", 2)
    detail = "/calculations/1/arguments/n: n must be at least 0. Correct it and resubmit."
    refusal = problem(422, "invalid-arguments", detail)
    player.answers = iter([submitted(2), refusal])
    with pytest.raises(InvalidRequest, match=r"^/calculations/3/arguments/n: n must be") as raised:
        player.play(submit_many(service(), items(4)))
    assert raised.value.request_id == "abc"


def test_pointers_are_counted_too():
    given = {"detail": "Two items are wrong.", "errors": [{"pointer": "/calculations/7/function"}]}
    moved = counted_from(problem_from(given), 10_000)
    assert moved.errors[0].pointer == "/calculations/10007/function"
    assert moved.detail == "Two items are wrong."


def test_conditions_are_written_and_none_is_none():
    moment = datetime(2026, 11, 26, 10, tzinfo=UTC)
    assert written({"status": "failed", "lane": None, "created_after": moment}) == {
        "status": "failed",
        "created_after": "2026-11-26T10:00:00+00:00",
    }
    with pytest.raises(ValueError, match="needs a time zone"):
        written({"created_after": datetime(2026, 11, 26)})  # noqa: DTZ001


def test_a_list_asks_for_page_after_page(player):
    following = "/calculations?cursor=a%2Bb%3D&limit=2&function=pi"
    player.answers = iter(
        [
            answer({"calculations": [document(), document()], "next": following}),
            answer({"calculations": [document()], "next": None}),
        ]
    )
    player.play(list_calculations(service(), {"function": "pi"}, 2))
    assert len(player.emitted) == 3
    assert [call.query for call in player.calls] == [
        {"function": "pi", "limit": "2"},
        {"cursor": "a+b=", "limit": "2", "function": "pi"},
    ]


@pytest.mark.parametrize("is_exact", [True, False])
def test_a_count_says_whether_it_is_exact(player, is_exact):
    player.answers = iter([answer({"count": 10_000, "is_exact": is_exact})])
    found = player.play(count(service(), {"id": "ffcfeb02"}))
    assert (found.count, found.is_exact) == (10_000, is_exact)
    (call,) = player.calls
    assert (call.path, call.query) == ("/calculations/count", {"id": "ffcfeb02"})


def bodies(player):
    return [json.loads(call.body) for call in player.calls]


def test_a_cancel_of_many_goes_on_until_there_is_nothing_more(player):
    player.answers = iter(
        [
            answer({"cancelled": 900, "cancelling": 100, "next": "abc"}),
            answer({"cancelled": 5, "cancelling": 1, "next": None}),
        ]
    )
    found = player.play(cancel_many(service(), None, {"status": "queued"}))
    assert (found.cancelled, found.cancelling) == (905, 101)
    assert bodies(player) == [{"status": "queued"}, {"status": "queued", "cursor": "abc"}]


def test_ids_are_cancelled_in_pages(player):
    player.answers = iter([answer({"cancelled": 1, "cancelling": 0, "next": None})] * 2)
    ids = [identity(n) for n in range(10_001)]
    assert player.play(cancel_many(service(), ids, {})).cancelled == 2
    assert [len(body["ids"]) for body in bodies(player)] == [10_000, 1]


@pytest.mark.parametrize(("ids", "conditions"), [(None, {}), ([ID], {"status": "queued"})])
def test_a_cancel_of_many_needs_ids_or_conditions(player, ids, conditions):
    with pytest.raises(ValueError, match="either ids or at least one condition"):
        player.play(cancel_many(service(), ids, conditions))
    assert player.calls == []
