"""The message contract: what is encoded is decoded, anything else is refused."""

import json
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reckoner.canonical_json import canonical_json
from shared.calculation import Lane, Work, calculation_id
from shared.errors import MessageInvalid
from shared.messages import (
    actor_name,
    decode_message,
    decode_work,
    encode,
    queue_arguments,
    queue_name,
)

IDENTITY = calculation_id("fibonacci", 1, '{"n":5}')
ONE = {
    "calculation_id": str(IDENTITY),
    "function": "fibonacci",
    "function_version": 1,
    "arguments_text": '{"n":5}',
    "request_id": "r-1",
}
CONTEXT = {"key": "shop", "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
MEMBERS = {"version": 4, "calculations": [ONE]}


def work_for(n, request_id, key_name=None, traceparent=None):
    arguments_text = canonical_json({"n": n})
    identity = calculation_id("fibonacci", 1, arguments_text)
    return Work(identity, "fibonacci", 1, arguments_text, request_id, key_name, traceparent)


TEXTS = st.none() | st.text()


@given(
    numbers=st.lists(st.integers(), min_size=1),
    request_id=TEXTS,
    key_name=TEXTS,
    traceparent=TEXTS,
)
def test_what_is_encoded_is_decoded(numbers, request_id, key_name, traceparent):
    works = [work_for(n, request_id, key_name, traceparent) for n in numbers]
    message = json.loads(encode(works, Lane.QUICK))
    assert message["queue_name"] == queue_name(Lane.QUICK)
    assert message["actor_name"] == actor_name(Lane.QUICK)
    assert decode_work(message["kwargs"]["work"]) == works


@pytest.mark.parametrize(
    "change",
    [
        {"version": 1},
        {"version": True},
        {"version": None},
        {"calculations": None},
        {"calculations": []},
        {"calculations": {}},
        {"calculations": [ONE, 5]},
        {"more": 1},
    ],
)
def test_a_message_that_is_not_ours_is_refused(change):
    with pytest.raises(MessageInvalid):
        decode_work({**MEMBERS, **change})


@pytest.mark.parametrize(
    "change",
    [
        {"calculation_id": "nonsense"},
        {"calculation_id": str(uuid4())},
        {"calculation_id": None},
        {"arguments_text": '{"n":6}'},
        {"arguments_text": '{"n": 5}'},
        {"arguments_text": {"n": 5}},
        {"arguments_text": "\ud800"},
        {"arguments_text": None},
        {"arguments": {"n": 5}},
        {"function": "\ud800"},
        {"function": 5},
        {"function_version": "1"},
        {"request_id": 5},
        {"more": 1},
        {"key": 5},
        {"key": "shop", "more": "1"},
        {"traceparent": {}},
    ],
)
def test_a_message_is_refused_for_any_of_its_calculations(change):
    with pytest.raises(MessageInvalid):
        decode_work({**MEMBERS, "calculations": [ONE, {**ONE, **change}]})


@pytest.mark.parametrize("missing", sorted(MEMBERS))
def test_a_message_without_a_member_is_refused(missing):
    with pytest.raises(MessageInvalid):
        decode_work({name: value for name, value in MEMBERS.items() if name != missing})


@pytest.mark.parametrize("missing", sorted(ONE))
def test_a_calculation_without_a_member_is_refused(missing):
    one = {name: value for name, value in ONE.items() if name != missing}
    with pytest.raises(MessageInvalid):
        decode_work({**MEMBERS, "calculations": [one]})


OF_VERSION_2 = {
    "calculation_id": str(IDENTITY),
    "function": "fibonacci",
    "function_version": 1,
    "arguments": {"n": 5},
    "request_id": "r-1",
}


def test_a_message_of_an_earlier_relay_has_the_same_work():
    assert decode_work({"version": 2, "calculations": [OF_VERSION_2]}) == decode_work(MEMBERS)
    assert decode_work({"version": 3, "calculations": [ONE]}) == decode_work(MEMBERS)


def test_a_message_carries_the_key_and_the_trace_where_there_are_any():
    works = [work_for(5, "r-1", CONTEXT["key"], CONTEXT["traceparent"]), work_for(5, "r-1")]
    members = json.loads(encode(works, Lane.QUICK))["kwargs"]["work"]
    assert members == {"version": 4, "calculations": [{**ONE, **CONTEXT}, ONE]}


@pytest.mark.parametrize(("version", "one"), [(2, OF_VERSION_2), (3, ONE)])
def test_earlier_workers_get_no_key_and_no_trace(version, one):
    work = work_for(5, "r-1", CONTEXT["key"], CONTEXT["traceparent"])
    members = json.loads(encode([work], Lane.QUICK, version))["kwargs"]["work"]
    assert members == {"version": version, "calculations": [one]}


@pytest.mark.parametrize(
    "change",
    [
        {"calculation_id": str(uuid4())},
        {"arguments": {"n": 6}},
        {"arguments": [5]},
        {"arguments": '{"n":5}'},
        {"arguments": {"n": float("nan")}},
        {"arguments": {"n": "\ud800"}},
        {"arguments_text": '{"n":5}'},
        {"more": 1},
    ],
)
def test_a_faulty_message_of_an_earlier_version_is_refused(change):
    with pytest.raises(MessageInvalid):
        decode_work({"version": 2, "calculations": [OF_VERSION_2, {**OF_VERSION_2, **change}]})


@given(n=st.integers(), words=st.text(st.characters(codec="utf-8")), x=st.floats(-1e9, 1e9))
def test_earlier_workers_get_the_members_that_they_take(n, words, x):
    arguments_text = canonical_json({"n": n, "words": words, "x": x})
    identity = calculation_id("f", 1, arguments_text)
    work = Work(identity, "f", 1, arguments_text, "r-1")
    members = json.loads(encode([work], Lane.QUICK, version=2))["kwargs"]["work"]
    assert members["version"] == 2
    assert members["calculations"][0].keys() == OF_VERSION_2.keys()
    assert members["calculations"][0]["arguments"] == {"n": n, "words": words, "x": x}
    assert decode_work(members) == [work]  # nor do later workers mind


def test_a_message_has_the_members_of_one_version():
    of_version_4 = {**ONE, **CONTEXT}
    for version, one in (
        (4, OF_VERSION_2),
        (3, OF_VERSION_2),
        (3, of_version_4),
        (2, ONE),
        (2, {**OF_VERSION_2, **CONTEXT}),
    ):
        with pytest.raises(MessageInvalid):
            decode_work({"version": version, "calculations": [one]})


@given(rubbish=st.recursive(st.none() | st.integers() | st.text(), st.lists))
def test_rubbish_is_refused(rubbish):
    with pytest.raises(MessageInvalid):
        decode_work(rubbish)


def test_queues_are_quorum_queues_with_a_dead_letter_queue():
    arguments = queue_arguments(Lane.HEAVY)
    assert arguments["x-queue-type"] == "quorum"
    assert arguments["x-dead-letter-routing-key"] == "reckoner.heavy.dead"


def message(**changes: object) -> bytes:
    """Return a message that the quick lane takes, but for these changes."""
    return json.dumps({**json.loads(encode([work_for(5, None)], Lane.QUICK)), **changes}).encode()


def test_the_work_of_a_message_is_decoded():
    decoded = decode_message(message(), Lane.QUICK)
    assert decode_work(decoded.kwargs["work"]) == [work_for(5, None)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        message(queue_name=queue_name(Lane.HEAVY)),
        message(actor_name=actor_name(Lane.HEAVY)),
        message(args=[1]),
        message(options={"eta": 1}),
        message(kwargs=None),
        message(kwargs={"work": MEMBERS, "more": 1}),
    ],
)
def test_a_delivery_of_another_form_is_refused(body):
    with pytest.raises(MessageInvalid):
        decode_message(body, Lane.QUICK)
