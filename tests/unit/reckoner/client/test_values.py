"""Values: integers of any size, JSON both ways, and results by their kind."""

import random
import sys
from datetime import UTC, date, datetime
from uuid import UUID

import gmpy2
import pytest

from reckoner.client.documents.calculation import calculation_from
from reckoner.client.values.decoding import decode, decode_value
from reckoner.client.values.digits import integer_from
from reckoner.client.values.json_text import read_json, write_json
from tests.unit.reckoner.client.playing import document, result

LENGTHS = [1, 2, 511, 512, 513, 1023, 1024, 1025, 1536, 4300, 4301, 5119, 5120, 5121, 33_333]


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("sign", ["", "-"])
def test_an_integer_of_any_length_is_exact(length, sign):
    digits = sign + "".join(random.Random(length).choices("0123456789", k=length))
    assert gmpy2.mpz(integer_from(digits)) == gmpy2.mpz(digits)


def test_powers_of_ten_and_zeros_are_exact():
    for length in (600, 1024, 5_000, 20_000):
        assert integer_from("1" + "0" * length) == 10**length
        assert integer_from("9" * length) == 10**length - 1
        assert integer_from("0" * length) == 0


def test_the_limit_of_the_process_is_neither_needed_nor_changed():
    limit = sys.get_int_max_str_digits()
    try:
        sys.set_int_max_str_digits(640)  # the lowest that there is
        assert integer_from("1" + "0" * 5_000) == 10**5_000
        assert sys.get_int_max_str_digits() == 640
    finally:
        sys.set_int_max_str_digits(limit)


@pytest.mark.parametrize(
    "text", ["", "x", "1_0" * 400, "²" * 600, "٣" * 600, "٣", "1" * 600 + " ", "--" + "1" * 600]
)
def test_what_are_no_digits_is_refused(text):
    with pytest.raises(ValueError):
        integer_from(text)


@pytest.mark.slow
def test_the_time_does_not_grow_with_the_square_of_the_digits():
    import time

    def seconds(length: int) -> float:
        digits = "7" * length
        began = time.process_time()
        integer_from(digits)
        return time.process_time() - began

    assert min(seconds(400_000) for _ in range(3)) < 12 * min(seconds(100_000) for _ in range(5))


def test_json_has_integers_of_any_size():
    long = 10**5_000 + 7
    text = f'{{"a": [1, 2.5, {gmpy2.mpz(long)}], "b": -{gmpy2.mpz(long)}}}'
    assert read_json(text) == {"a": [1, 2.5, long], "b": -long}
    assert read_json('{"x": 1e3, "n": null}') == {"x": 1000.0, "n": None}
    with pytest.raises(ValueError):
        read_json('{"x": ')


def test_arguments_become_json_with_times_and_uuids_as_text():
    given = {
        "id": UUID(int=5),
        "at": datetime(2026, 11, 26, 10, tzinfo=UTC),
        "day": date(2026, 11, 26),
        "x": 5.0,
        "é": (1, 10**400),
    }
    assert write_json(given) == (
        '{"id":"00000000-0000-0000-0000-000000000005","at":"2026-11-26T10:00:00+00:00",'
        f'"day":"2026-11-26","x":5.0,"\\u00e9":[1,{10**400}]}}'
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_cannot_be_sent_are_refused(value):
    with pytest.raises(ValueError):
        write_json({"n": value})


def test_an_integer_that_is_too_long_is_explained():
    with pytest.raises(ValueError, match="Give its digits as text"):
        write_json({"n": 10**4_300})


def test_what_is_no_argument_is_refused():
    with pytest.raises(TypeError, match="of type set cannot be an argument"):
        write_json({"n": {1, 2}})


TEXT = {"media_type": "text/plain; charset=utf-8", "digits": None}
OTHER = {"digits": None, "head": None, "tail": None, "value": None}


@pytest.mark.parametrize(
    ("members", "data", "value"),
    [
        ({}, b"832040", 832040),
        ({"digits": 601}, b"1" + b"0" * 600, 10**600),
        ({"digits": 2}, b"-1", -1),
        (TEXT | {"head": ""}, b"", ""),
        (TEXT | {"head": "Z"}, "Zürich".encode(), "Zürich"),
        (TEXT | {"head": "a", "media_type": "application/json"}, b"abc", "abc"),
        (OTHER | {"media_type": "application/json"}, b"null", None),
        (OTHER | {"media_type": "application/json"}, b'{"x":[1,2.5]}', {"x": [1, 2.5]}),
        (OTHER | {"media_type": "image/png"}, b"\x89PNG", b"\x89PNG"),
        (OTHER | {"media_type": "text/csv"}, b"a,b", b"a,b"),
    ],
)
def test_a_result_is_decoded_by_its_kind(members, data, value):
    known = calculation_from(document(result=result(**members))).result
    assert known is not None
    found = decode(known, data)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("members", "value"),
    [({}, 832040), (TEXT | {"value": "832040"}, "832040"), (OTHER | {"value": [1]}, [1])],
)
def test_the_value_in_a_document_is_decoded_too(members, value):
    known = calculation_from(document(result=result(**members))).result
    assert known is not None
    assert decode_value(known) == value
