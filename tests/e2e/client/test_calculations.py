"""One calculation through the client: submitted, awaited, cancelled, and its value."""

import sys
import threading
from uuid import UUID

import pytest

from reckoner.client import (
    CalculationCancelled,
    CalculationFailed,
    InvalidRequest,
    NotFound,
    ProblemResponse,
    Progress,
    WaitTimeout,
)
from tests.e2e.numbers import fresh
from tests.eventually import eventually

UNKNOWN = "00000000-0000-4000-8000-000000000000"
SINGULAR = {"matrix": [[1.0, 2.0], [2.0, 4.0]], "right": [1.0, 1.0]}


@pytest.mark.parametrize(
    ("function", "arguments", "expected"),
    [
        ("fibonacci", {"n": 100}, 354224848179261915075),
        ("factorial", {"n": 0}, 1),
        ("roman_numeral", {"n": 2026}, "MMXXVI"),
        ("prime_factors", {"n": 360}, {"2": 3, "3": 2, "5": 1}),
    ],
)
def test_call_gives_the_value_itself(client, function, arguments, expected):
    value = client.call(function, **arguments)
    assert (value, type(value)) == (expected, type(expected))


def test_digits_beyond_what_cpython_converts_are_an_int(client):
    n = fresh(100_000, 200_000)
    value = client.call("fibonacci", n=n)
    older, newer = 0, 1
    for _ in range(n):
        older, newer = newer, (older + newer) % 10**60
    assert value % 10**60 == older
    assert value.bit_length() in range(int(n * 0.694), int(n * 0.695))
    assert sys.get_int_max_str_digits() == 4_300


def test_bytes_are_bytes(client):
    assert client.call("mandelbrot", width=16)[:8] == b"\x89PNG\r\n\x1a\n"


def test_a_document_is_a_calculation(client):
    run = client.run("fibonacci", {"n": 1_000})
    assert (run.status, run.arguments, run.version) == ("succeeded", {"n": 1_000}, 1)
    assert run.is_final
    assert run.created_at.utcoffset().total_seconds() == 0
    assert run.result.digits == 209
    assert client.get(run) == client.get(run.id) == client.get(str(run.id)) == run


def test_progress_is_told_while_a_long_one_runs(client):
    told: list[Progress] = []

    def tell(progress: Progress) -> None:
        told.append(progress)
        if 0 < progress.fraction < 1 and progress.calculation.status == "running":
            client.cancel(progress.calculation)

    with pytest.raises(CalculationCancelled):
        client.run("collatz", below=10**7 + fresh(0, 10**6), on_progress=tell)
    fractions = [one.fraction for one in told]
    assert fractions == sorted(fractions)
    assert any(0 < one.fraction < 1 for one in told)
    assert all((one.seconds_left or 0) > 0 for one in told if not one.calculation.is_final)


def test_the_last_progress_is_all_of_it(client):
    told: list[Progress] = []
    found = client.run("collatz", below=fresh(2_001, 3_000), on_progress=told.append)
    assert found.status == "succeeded"
    assert told[-1].fraction == 1


def test_a_time_out_leaves_the_calculation_which_can_then_be_cancelled(client):
    with pytest.raises(WaitTimeout, match="It goes on") as raised:
        client.run("collatz", below=10**9 + fresh(0, 10**6), timeout=1.5)
    left = raised.value.calculation
    assert not client.get(left).is_final
    with pytest.raises(WaitTimeout):
        client.result(left)
    client.cancel(left)
    with pytest.raises(CalculationCancelled, match="was cancelled"):
        client.wait(left)
    assert client.cancel(left).status == "cancelled"  # once more


def test_a_final_one_cannot_be_cancelled(client):
    with pytest.raises(ProblemResponse) as raised:
        client.cancel(client.run("fibonacci", n=10))
    assert raised.value.problem.name == "already-final"


def test_a_failure_is_an_exception_in_the_functions_own_words(client):
    for ask in (client.run, client.call):
        with pytest.raises(CalculationFailed, match="The matrix is singular") as raised:
            ask("linear_system", SINGULAR)
    assert raised.value.problem.name == "function-failed"
    with pytest.raises(CalculationFailed, match="The matrix is singular"):
        client.result(raised.value.calculation)


def test_what_the_service_refuses_is_an_exception_with_its_document(client):
    with pytest.raises(InvalidRequest, match="n must be at least 0") as raised:
        client.submit("fibonacci", n=-1)
    assert raised.value.problem.errors[0].pointer == "/arguments/n"
    assert raised.value.request_id
    with pytest.raises(InvalidRequest):
        client.submit("fibonacci", n=10.0)  # no integer: one number has one spelling
    for ask in (client.get, client.cancel, client.wait, client.result):
        with pytest.raises(NotFound):
            ask(UNKNOWN)
    for path in ("..", "../functions", "x?y=1", "%2e%2e"):
        with pytest.raises(NotFound):
            client.get(path)


def test_the_id_is_known_before_the_calculation_is_submitted(client):
    n = fresh(10**6, 10**9)
    picture = {"width": 8, "x": n / 10**9}
    (function,) = [one for one in client.functions() if one.name == "mandelbrot"]
    expected = client.calculation_id(function, picture)
    with pytest.raises(NotFound):
        client.get(expected)
    assert client.submit("mandelbrot", picture).id == expected
    assert client.calculation_id("mandelbrot", picture) == expected
    complete = client.get(expected).arguments
    assert client.calculation_id("mandelbrot", complete, version=1) == expected
    assert client.calculation_id("fibonacci", n=30, version=1) == UUID(
        "ffcfeb02-09f4-5c06-889e-7cd5cd61b456"
    )


def test_events_show_a_calculation_until_it_is_final(client):
    submitted = client.submit("collatz", below=10**7 + fresh(0, 10**6))
    shown = []
    for one in client.events(submitted):
        shown.append(one)
        if one.status == "running" and len({earlier.progress for earlier in shown}) == 3:
            client.cancel(one)
    assert shown[-1].status == "cancelled"
    progress = [one.progress for one in shown]
    assert progress == sorted(progress)
    assert len(set(progress)) >= 3


def test_the_last_event_is_the_result(client):
    *_, last = client.events(client.submit("collatz", below=fresh(1_000, 2_000)))
    assert (last.status, last.progress) == ("succeeded", 1.0)


def test_events_that_are_left_end_their_stream(client):
    submitted = client.submit("collatz", below=10**9 + fresh(0, 10**6))
    events = client.events(submitted)
    assert not next(events).is_final
    events.close()
    client.cancel(submitted)


def test_equal_submissions_of_many_threads_are_one_calculation(client):
    n = fresh(20_000, 90_000)
    found: list[UUID] = []
    threads = [
        threading.Thread(target=lambda: found.append(client.run("fibonacci", n=n).id))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    eventually(lambda: len(found) == 8, what="all results")
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
