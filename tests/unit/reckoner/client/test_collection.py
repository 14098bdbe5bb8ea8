"""The calculations of a batch are collected many in one request, if that is worth it."""

from uuid import UUID

import pytest

from reckoner.client import Submitted, WaitTimeout
from reckoner.client.operations.collection import collect
from reckoner.client.operations.waiting import Deadline
from tests.unit.reckoner.client.playing import Player, answer, document, service, unfinished


def identity(number):
    return str(UUID(int=number))


class Asked(Player):
    """Answers as a service that lists so many calculations of a moment, 1,000 on a page."""

    def __init__(self, listed=(), *, status="succeeded"):
        super().__init__(self._answers())
        self.listed = list(listed)
        self.status = status

    def _answers(self):
        while True:
            call = self.calls[-1]
            if call.path != "/calculations":
                found = call.path.rpartition("/")[2]
                yield answer(document(id=found, status=self.status))
                continue
            start = int(call.query.get("cursor", "0"))
            page = [document(id=identity(n)) for n in self.listed[start : start + 1_000]]
            is_last = start + 1_000 >= len(self.listed)
            following = None if is_last else f"/calculations?cursor={start + 1_000}"
            yield answer({"calculations": page, "next": following})

    def collect(self, count, status="queued", timeout=None):
        page = [Submitted(UUID(int=n), status) for n in range(count)]
        self.play(collect(service(), page, Deadline(timeout)))
        assert [one.id.int for one in self.emitted] == list(range(count))

    @property
    def lists(self):
        return [call for call in self.calls if call.path == "/calculations"]


def test_a_page_that_is_finished_takes_a_request_for_each_thousand():
    asked = Asked(range(5_000))
    asked.collect(5_000)
    assert len(asked.calls) == 6
    assert asked.calls[0].headers == {**asked.calls[0].headers, "Prefer": "wait=60"}
    assert asked.lists[0].query == {
        "status": "succeeded",
        "created_after": "2026-11-26T10:00:00+00:00",
        "created_before": "2026-11-26T10:00:00.001000+00:00",
        "limit": "1000",
    }


def test_what_is_not_in_the_list_is_awaited_by_itself():
    asked = Asked(range(0, 100, 2))
    asked.collect(100)
    assert len(asked.calls) - len(asked.lists) >= 20
    assert len(asked.lists) <= 26


@pytest.mark.parametrize("count", [100, 3_000])
def test_lists_that_bring_nothing_are_at_most_half_of_the_other_requests(count):
    asked = Asked()
    asked.collect(count)
    assert len(asked.calls) - len(asked.lists) == count
    assert len(asked.lists) <= count / 2 + 1


def test_what_existed_before_is_not_looked_for_in_lists():
    asked = Asked()
    asked.collect(100, status="succeeded")
    assert asked.lists == []
    assert {call.headers.get("Prefer") for call in asked.calls} == {None}


def test_few_are_not_listed():
    asked = Asked(range(10))
    asked.collect(10)
    assert asked.lists == []


def test_one_that_failed_is_emitted_too():
    asked = Asked(status="failed")
    asked.collect(3)
    assert {one.status for one in asked.emitted} == {"failed"}


def test_the_time_out_of_a_batch_holds_here(player):
    player.answers = iter([answer(unfinished())] * 3)
    page = [Submitted(UUID(int=1), "queued")]
    with pytest.raises(WaitTimeout):
        player.play(collect(service(), page, Deadline(0)))
