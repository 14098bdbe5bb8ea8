"""The benchmarks' open-loop generator: its schedule, its percentiles, and what it calls latency."""

import socketserver
import threading
import time
from contextlib import contextmanager

import pytest

from tests.benchmarks.generator import schedule, tail_percentiles
from tests.benchmarks.http_answers import AnswerReader
from tests.benchmarks.open_loop import offer
from tests.benchmarks.request_template import RequestTemplate

_SMALL = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
_CHUNKED = (
    b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n3;name=value\r\n\r\n.\r\n0\r\n\r\n"
)


def test_constant_arrivals_are_evenly_spaced():
    assert schedule(4, 1, "constant", seed=1) == [0.0, 0.25, 0.5, 0.75]


def test_poisson_arrivals_have_the_rate_and_follow_from_the_seed():
    moments = schedule(1000, 10, "poisson", seed=7)
    assert moments == schedule(1000, 10, "poisson", seed=7)
    assert moments != schedule(1000, 10, "poisson", seed=8)
    assert moments == sorted(moments)
    assert moments[-1] < 10
    assert len(moments) == pytest.approx(10_000, rel=0.05)


def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed():
    milliseconds = tail_percentiles([number / 1000 for number in range(1000, 0, -1)])
    assert milliseconds == pytest.approx(
        {"p50": 500, "p90": 900, "p99": 990, "p99.9": 999, "max": 1000}
    )
    assert set(tail_percentiles([0.007]).values()) == {7.0}
    assert tail_percentiles([]) == {}


@pytest.mark.parametrize(("answer", "status"), [(_SMALL, 200), (_CHUNKED, 404)])
@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_an_answer_is_complete_with_its_last_byte_however_it_is_cut(answer, status, size):
    reader = AnswerReader()
    for _ in range(2):  # one after the other on the same connection
        pieces = [answer[start : start + size] for start in range(0, len(answer), size)]
        assert [reader.feed(piece) for piece in pieces] == [False] * (len(pieces) - 1) + [True]
        assert reader.status == status
        assert not reader.closes


def test_requests_differ_in_their_number():
    template = RequestTemplate("/x", "POST", '{"n":{value}}', {"A": "b"}, first=9)
    requests = template.rendered("host:1")
    assert (
        next(requests)
        == b'POST /x HTTP/1.1\r\nHost: host:1\r\nA: b\r\nContent-Length: 7\r\n\r\n{"n":9}'
    )
    assert next(requests).endswith(b'Content-Length: 8\r\n\r\n{"n":10}')
    assert next(template.after(5).rendered("host:1")).endswith(b'{"n":14}')


def test_values_of_a_file_come_in_turn(tmp_path):
    values = tmp_path / "values"
    values.write_text("a\nb\nc\n")
    requests = RequestTemplate("/{value}", first=1, values_file=str(values)).rendered("host:1")
    assert [next(requests).split()[1] for _ in range(4)] == [b"/b", b"/c", b"/a", b"/b"]


class _Stalling(socketserver.StreamRequestHandler):
    """Answers each request at once, but none in the server's first half second of requests."""

    def handle(self):
        while self.rfile.readline().strip():
            while self.rfile.readline().strip():
                pass
            server = self.server
            assert isinstance(server, _Server)
            with server.lock:
                server.stall_ends = server.stall_ends or time.monotonic() + server.stall_seconds
            time.sleep(max(0.0, server.stall_ends - time.monotonic()))
            self.wfile.write(server.answer)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128
    answer = _SMALL
    stall_seconds = 0.0
    stall_ends = 0.0

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Stalling)
        self.lock = threading.Lock()


@contextmanager
def _serving(answer=_SMALL, stall_seconds=0.0):
    with _Server() as server:
        server.answer, server.stall_seconds = answer, stall_seconds
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.slow
def test_a_stall_counts_for_every_request_that_was_due_meanwhile():
    with _serving(stall_seconds=0.5) as url:
        report = offer(url, RequestTemplate("/"), 100, 1.0, connections=1, arrivals="constant")
    assert report["statuses"] == {"200": 100}
    assert report["errors"] == {}
    # A loop that waits for answers would see one slow request and a median of almost nothing.
    assert report["latency_ms"]["max"] > 450
    assert report["latency_ms"]["p90"] > 300
    assert report["waited_for_connection"] > 40
    assert report["offered_per_second"] == 100


def test_errors_are_counted_by_kind_and_have_no_latency():
    with _serving(answer=_CHUNKED) as url:
        report = offer(url, RequestTemplate("/"), 50, 0.2, connections=4, arrivals="constant")
    assert report["errors"] == {"status 404": 10}
    assert report["latency_ms"] == {}
    assert report["achieved_per_second"] == 0


@pytest.mark.slow
def test_what_is_not_answered_counts_as_slow():
    with _serving(stall_seconds=30) as url:
        report = offer(
            url,
            RequestTemplate("/"),
            50,
            0.2,
            connections=10,
            arrivals="constant",
            grace_seconds=0.3,
        )
    assert report["errors"] == {"unanswered": 10}
    assert report["latency_ms"]["p50"] > 300
