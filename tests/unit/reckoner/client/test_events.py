"""Event streams: whatever their pieces, and taken up again when they break."""

import json

import httpx
import pytest

from reckoner.client import LimitExceeded, NotFound, ServiceUnreachable, WaitTimeout
from reckoner.client.operations.events import EventParser, events
from reckoner.client.transport.answers import BrokenAnswer
from tests.unit.reckoner.client.playing import ID, document, problem, service, unfinished


def event(found, *, last=False):
    return f"{'id: final' + chr(10) if last else ''}data: {json.dumps(found)}\n\n".encode()


def stream(*pieces):
    return httpx.Response(200, headers={"Content-Type": "text/event-stream"}), pieces


QUEUED, RUNNING = unfinished(), unfinished("running", attempts=1)
FINAL = event(document(), last=True)


def watch(player, *answers, **limits):
    player.answers = iter(answers)
    player.play(events(service(**limits), ID))
    return [one.status for one in player.emitted]


def test_a_stream_shows_each_change_and_ends_with_the_final_one(player):
    pieces = (event(QUEUED), b": heartbeat\n\n", event(RUNNING), FINAL, event(QUEUED))
    assert watch(player, stream(*pieces)) == ["queued", "running", "succeeded"]
    assert player.calls[0].headers["Accept"] == "text/event-stream"


def test_a_stream_that_breaks_is_taken_up_again_without_showing_anything_twice(player):
    cut = httpx.ReadError("reset")
    shown = watch(
        player,
        stream(event(QUEUED), event(RUNNING)[:40], cut),
        httpx.ConnectError("refused"),
        problem(503, "unavailable", Retry_After="2"),
        stream(event(QUEUED)),  # the gateway has stopped
        stream(event(RUNNING), FINAL),
    )
    assert shown == ["queued", "running", "succeeded"]
    assert len(player.calls) == 5
    assert 2 <= player.sleeps[2] <= 2.25
    assert len({call.headers["X-Request-ID"] for call in player.calls}) == 1


def test_a_stream_that_never_brings_anything_is_given_up(player):
    with pytest.raises(ServiceUnreachable, match="ended the events before"):
        watch(player, *[stream(event(QUEUED))] * 5, attempts=4)
    assert len(player.calls) == 4


def test_a_stream_that_has_lasted_counts_as_a_good_one(player):
    class Lasting:
        def __iter__(self):
            player.now += 6
            yield b": heartbeat\n\n"

    again = [(stream()[0], Lasting()) for _ in range(9)]
    assert watch(player, *again, stream(FINAL), attempts=2) == ["succeeded"]


def test_a_silent_stream_is_given_up(player):
    """The service sends heartbeats. A silence as long as the time-out is no good stream."""

    class Silent:
        def __iter__(self):
            player.now += 30
            raise httpx.ReadTimeout("silent")
            yield

    with pytest.raises(ServiceUnreachable, match="did not answer in time"):
        watch(player, *[(stream()[0], Silent()) for _ in range(20)], attempts=3)
    assert len(player.calls) == 3


class Slow:
    """Pieces that come after so many seconds each, or a silence until nobody waits any more."""

    def __init__(self, player, *pieces):
        self.player = player
        self.pieces = pieces

    def __iter__(self):
        end = self.player.now
        for seconds, piece in self.pieces:
            self.player.now += seconds
            yield piece
        silence = self.player.calls[-1].longest_silence
        assert silence is not None
        self.player.now = max(self.player.now, end) + silence
        raise httpx.ReadTimeout("silent")


def test_a_time_out_ends_the_events_with_what_was_shown_last(player):
    beats = [(10, b": \n\n")] * 2
    player.answers = iter(
        [
            (stream()[0], Slow(player, (0, event(QUEUED)), *beats)),
            (stream()[0], Slow(player, (0, event(RUNNING)), (3, event(RUNNING)))),
            *[(stream()[0], Slow(player, (0, event(RUNNING)))) for _ in range(9)],
        ]
    )
    began = player.now
    with pytest.raises(WaitTimeout) as raised:
        player.play(events(service(), ID, 25))
    assert raised.value.calculation.status == "running"
    assert [one.status for one in player.emitted] == ["queued", "running"]
    assert 25 <= player.now - began < 27


def test_a_time_out_of_zero_shows_it_once(player):
    player.answers = iter([stream(event(QUEUED), event(RUNNING))])
    with pytest.raises(WaitTimeout):
        player.play(events(service(), ID, 0))
    assert [one.status for one in player.emitted] == ["queued"]


def test_what_is_refused_is_raised(player):
    with pytest.raises(NotFound):
        watch(player, problem(404, "calculation-not-found"))
    with pytest.raises(LimitExceeded):
        watch(player, *[problem(429, "too-many-streams", Retry_After="5")] * 2, attempts=2)
    with pytest.raises(ServiceUnreachable, match="not Reckoner"):
        watch(player, httpx.Response(200, html="<p>"))


def test_an_event_that_is_no_document_is_tried_again(player):
    assert watch(player, stream(b'data: {"id": \n\n'), stream(FINAL)) == ["succeeded"]


@pytest.mark.parametrize("piece", [b"x" * 2**20, b"data: x\n" * 2**17])
def test_an_event_without_an_end_is_not_kept(piece):
    parser = EventParser()
    for _ in range(16):
        assert list(parser.feed(piece)) == []
    with pytest.raises(BrokenAnswer):
        list(parser.feed(piece))


def test_many_events_may_be_longer_together():
    parser = EventParser()
    event = b"data:" + b"x" * 2**20 + b"\n\n"
    assert sum(len(list(parser.feed(event))) for _ in range(20)) == 20


@pytest.mark.parametrize("length", [1, 2, 3, 7, 1000])
def test_events_are_found_whatever_the_pieces(length):
    text = b': c\r\n\r\ndata: {"a":\ndata: 1}\r\nid: x\n\nevent: y\ndata:2\n\n\n: c\n\ndata: 3'
    parser = EventParser()
    found: list[bytes] = []
    for start in range(0, len(text), length):
        found += parser.feed(text[start : start + length])
    assert found == [b'{"a":\n1}', b"2"]
