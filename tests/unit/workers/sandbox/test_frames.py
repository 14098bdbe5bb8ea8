"""The frames that a child process sends to its worker."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import CalculationAborted
from workers.sandbox.frames import (
    MAX_PAYLOAD,
    FrameReader,
    Kind,
    frame,
    pack_progress,
    unpack_progress,
)

FRAMES = st.lists(st.tuples(st.sampled_from(Kind), st.binary(max_size=300)), max_size=10)


@given(FRAMES, st.integers(1, 50))
def test_frames_survive_any_cuts(frames, cut):
    stream = b"".join(frame(kind, payload) for kind, payload in frames)
    reader = FrameReader()
    read = []
    for start in range(0, len(stream), cut):
        read += list(reader.feed(stream[start : start + cut]))
    assert read == frames


@given(st.binary(min_size=5, max_size=100))
def test_any_stream_is_either_frames_or_garbled(data):
    try:
        for kind, payload in FrameReader().feed(data):
            assert isinstance(kind, Kind)
            assert len(payload) <= MAX_PAYLOAD
    except CalculationAborted as aborted:
        assert aborted.reason == "process-died"


def test_a_length_beyond_the_limit_is_garbled_at_once():
    with pytest.raises(CalculationAborted, match="no frame"):
        list(FrameReader().feed(b"D" + (MAX_PAYLOAD + 1).to_bytes(4, "big")))


@pytest.mark.parametrize(
    ("sent", "read"), [(0.5, 0.5), (-1.0, 0.0), (7.0, 1.0), (math.nan, 0.0), (math.inf, 0.0)]
)
def test_progress_is_a_fraction(sent, read):
    assert unpack_progress(pack_progress(sent)) == read
