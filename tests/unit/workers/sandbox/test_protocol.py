"""What goes over the pipes: a request to the child, and frames from it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import CalculationAborted
from workers.sandbox.protocol import (
    MAX_PAYLOAD,
    FrameReader,
    Kind,
    Request,
    Summary,
    decode_progress,
    decode_summary,
    encode_frame,
    encode_progress,
    encode_summary,
)

FRAMES = st.lists(st.tuples(st.sampled_from(Kind), st.binary(max_size=300)), max_size=10)


def test_a_child_reads_the_request_that_its_worker_writes():
    text = '{"n":1000000000000000000000000000000,"text":"\\u00e4"}'
    request = Request("f", 2, text, 7, 2**30, 60.0, 2**20)
    assert Request.decode(request.encode().decode("ascii")) == request


@given(FRAMES, st.integers(1, 50))
def test_frames_are_read_however_their_bytes_are_cut(frames, cut):
    stream = b"".join(encode_frame(kind, payload) for kind, payload in frames)
    reader = FrameReader()
    read = []
    for start in range(0, len(stream), cut):
        read += list(reader.feed(stream[start : start + cut]))
    assert read == frames


@given(st.binary(min_size=5, max_size=100))
def test_any_bytes_are_either_frames_or_the_death_of_the_process(data):
    try:
        for kind, payload in FrameReader().feed(data):
            assert isinstance(kind, Kind)
            assert len(payload) <= MAX_PAYLOAD
    except CalculationAborted as aborted:
        assert aborted.reason == "process-died"


def test_a_length_beyond_the_limit_is_invalid_at_once():
    with pytest.raises(CalculationAborted, match="invalid frame"):
        list(FrameReader().feed(b"D" + (MAX_PAYLOAD + 1).to_bytes(4, "big")))


@pytest.mark.parametrize(
    ("sent", "read"), [(0.5, 0.5), (-1.0, 0.0), (7.0, 1.0), (math.nan, 0.0), (math.inf, 0.0)]
)
def test_progress_is_a_fraction_whatever_is_sent(sent, read):
    assert decode_progress(encode_progress(sent)) == read


@pytest.mark.parametrize("seconds", [-1.0, math.nan, math.inf, 1e308])
def test_a_time_that_cannot_be_is_refused(seconds):
    """Sums of such numbers would not be numbers, and no worker could write what it has counted."""
    with pytest.raises(CalculationAborted, match="invalid result"):
        decode_summary(encode_summary(Summary(1, "", seconds, None)))
