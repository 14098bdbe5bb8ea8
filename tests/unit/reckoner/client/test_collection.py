"""The calculations of a batch are collected many in one request, if that is worth it."""

from uuid import UUID

import pytest

from reckoner.client import Submitted, WaitTimeout
from reckoner.client.operations.collection import collect
from reckoner.client.operations.waiting import Deadline
from reckoner.client.transport.steps import Together
from tests.unit.reckoner.client.playing import Player, answer, document, service, unfinished


def identity(number):
    return str(UUID(int=number))


class Asked(Player):
    """Answers as a service that lists so many calculations of a moment, 1,000 on a page."""

    def __init__(self, listed=(), *, status="succeeded"):
        super().__init__(self._answers())
        self.listed = list(listed)
        self.at_once: list[int] = []
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

    def _do(self, step):
        if isinstance(step, Together):
            self.at_once.append(len(step.operations))
        return super()._do(step)

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


def test_a_batch_that_is_repeated_is_listed_as_well():
    asked = Asked(range(5_000))
    asked.collect(5_000, status="succeeded")
    assert len(asked.lists) == 5
    assert len(asked.calls) - len(asked.lists) == 8
    assert {call.headers.get("Prefer") for call in asked.calls} == {None}


def test_lists_that_never_bring_anything_become_rare():
    asked = Asked()
    asked.collect(1_000, status="succeeded")
    assert len(asked.calls) - len(asked.lists) == 1_000
    assert len(asked.lists) <= 9


def test_a_list_of_others_is_not_read_on():
    asked = Asked(range(50_000, 90_000))
    asked.collect(100, status="succeeded")
    assert {call.query.get("cursor") for call in asked.lists} == {None}


def test_what_is_finished_is_looked_at_by_eight_at_once():
    asked = Asked()
    asked.collect(20, status="succeeded")
    assert asked.at_once == [8, 8, 4]


def test_only_the_first_that_is_not_finished_is_waited_for():
    asked = Asked()
    asked.collect(10)
    assert asked.at_once == [1, 3, 2]  # each time after one that was waited for
    held = [call.headers.get("Prefer") for call in asked.calls]
    assert held.count("wait=60") == 4


def test_looks_that_come_too_early_become_fewer(player):
    done, not_yet = answer(document()), answer(unfinished())
    player.answers = iter([done, done, not_yet, done, not_yet, done])
    page = [Submitted(UUID(int=number), "queued") for number in range(4)]
    player.play(collect(service(), page, Deadline(None)))
    assert len(player.calls) == 6
    assert len(player.emitted) == 4


def test_an_item_that_comes_twice_is_emitted_twice(player):
    player.answers = iter([answer(document())] * 2)
    page = [Submitted(UUID(int=1), "succeeded")] * 2
    player.play(collect(service(), page, Deadline(None)))
    assert len(player.emitted) == 2


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
