"""GET /calculations/{id}/result of a gateway process: every digit is right, or it breaks off."""

import gzip

import httpx
import pytest
from sqlalchemy import create_engine, text

from shared.result import CHUNK_BYTES, ROW_BYTES
from tests.conftest import new_database
from tests.integration import stored_results
from tests.integration.gateway.server.running import running_gateway
from tests.integration.stored_results import insert_result, make_digits

CHUNK = CHUNK_BYTES
LENGTHS = [
    1,
    20,
    ROW_BYTES,
    ROW_BYTES + 1,
    *(count * CHUNK + more for count in (1, 2, 3) for more in (-1, 0, 1)),
]
PLAIN = {"Accept-Encoding": "identity"}


@pytest.fixture(scope="module")
def gateway(postgres, admin, template_database):
    """A client of a gateway process, and an engine for its database."""
    with new_database(postgres, admin, template_database) as url, running_gateway(url) as (_, port):
        engine = create_engine(url)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield client, engine
        engine.dispose()


@pytest.fixture
def client(gateway):
    return gateway[0]


@pytest.fixture
def sql(gateway):
    """Transactions in the gateway's database."""
    return gateway[1].begin


def path(identity):
    return f"/calculations/{identity}/result"


def get_range(client, identity, asked):
    return client.get(path(identity), headers={**PLAIN, "Range": f"bytes={asked}"})


@pytest.mark.parametrize("length", LENGTHS)
def test_a_result_of_any_length_is_served_whole_and_in_ranges(client, sql, length):
    digits = make_digits(length)
    with sql() as connection:
        identity = insert_result(connection, digits)
    whole = client.get(path(identity), headers=PLAIN)
    assert (whole.status_code, whole.text) == (200, digits)
    assert whole.headers["Content-Length"] == str(length)
    for first, end in ranges(length):
        part = get_range(client, identity, f"{first}-{end - 1}")
        assert (part.status_code, part.text) == (206, digits[first:end])
        assert part.headers["Content-Range"] == f"bytes {first}-{end - 1}/{length}"
        assert part.headers["Content-Length"] == str(end - first)
    assert get_range(client, identity, f"{length}-").status_code == 416
    assert get_range(client, identity, "-1").text == digits[-1:]


def ranges(length):
    """Return ranges: the whole, either end, and around each boundary of chunks."""
    found = {(0, length), (0, 1), (length - 1, length)}
    for boundary in range(CHUNK, length, CHUNK):
        found |= {
            (boundary - 1, boundary),
            (boundary, boundary + 1),
            (boundary - 1, boundary + 1),
            (0, boundary),
            (boundary, length),
            (1, length),
        }
    return sorted(found)


def test_an_empty_result_is_served(client, sql):
    """Digits are never empty, but results of other kinds may be."""
    with sql() as connection:
        identity = insert_result(connection, "")
    for headers in (PLAIN, {"Accept-Encoding": "gzip"}):
        answer = client.get(path(identity), headers=headers)
        assert (answer.status_code, answer.content) == (200, b"")
    assert client.head(path(identity), headers=PLAIN).headers["Content-Length"] == "0"
    assert get_range(client, identity, "0-0").status_code == 416


@pytest.mark.parametrize("length", [1_024, CHUNK + 1])
def test_a_compressed_download_has_the_same_digits(client, sql, length):
    digits = make_digits(length)
    with sql() as connection:
        identity = insert_result(connection, digits)
    headers = {"Accept-Encoding": "gzip"}
    with client.stream("GET", path(identity), headers=headers) as answer:
        body = b"".join(answer.iter_raw())
    assert gzip.decompress(body).decode() == digits


def received(client, identity, **headers):
    """Return the bytes of a download that breaks off; fail if it ends normally."""
    came = b""
    with client.stream("GET", path(identity), headers={**PLAIN, **headers}) as answer:
        assert answer.status_code in (200, 206)
        try:
            for piece in answer.iter_raw():
                came += piece
        except httpx.RemoteProtocolError:
            return came
    raise AssertionError(f"it ended well, after {len(came)} bytes")


def is_refused(answer):
    """Return whether this is a problem document that nobody may cache."""
    problem = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["type"].endswith("result-corrupt")
    assert "immutable" not in answer.headers.get("Cache-Control", "")
    return answer.status_code == 500


OTHER_DIGIT = "overlay({column} placing '0' from {place})"


@pytest.mark.parametrize("place", [1, CHUNK // 2, CHUNK])
@pytest.mark.parametrize("ordinal", [0, 1, 2])
def test_a_download_with_one_wrong_digit_breaks_off(client, sql, ordinal, place):
    digits = make_digits(3 * CHUNK)
    with sql() as connection:
        identity = insert_result(connection, digits)
        change = OTHER_DIGIT.format(column="digits", place=place)
        stored_results.damage(connection, identity, change, ordinal)
    for headers in ({}, {"Range": "bytes=0-"}):
        came = received(client, identity, **headers)
        # The last chunk is held back until all digits have been checked.
        assert len(came) <= 2 * CHUNK


def test_a_compressed_download_with_a_wrong_digit_breaks_off(client, sql):
    digits = make_digits(3 * CHUNK)
    with sql() as connection:
        identity = insert_result(connection, digits)
        stored_results.damage(
            connection, identity, OTHER_DIGIT.format(column="digits", place=9), ordinal=1
        )
    received(client, identity, **{"Accept-Encoding": "gzip"})


@pytest.mark.parametrize("length", [1, 20, ROW_BYTES])
@pytest.mark.parametrize("asked", [None, "bytes=0-"])
def test_a_damaged_short_result_is_refused(client, sql, length, asked):
    with sql() as connection:
        identity = insert_result(connection, make_digits(length))
        change = OTHER_DIGIT.format(column="result_value", place=length)
        stored_results.damage(connection, identity, change)
    headers = PLAIN if asked is None else {**PLAIN, "Range": asked}
    assert is_refused(client.get(path(identity), headers=headers))


def test_a_damaged_only_chunk_is_refused(client, sql):
    with sql() as connection:
        identity = insert_result(connection, make_digits(CHUNK))
        stored_results.damage(
            connection, identity, OTHER_DIGIT.format(column="digits", place=CHUNK), ordinal=0
        )
    assert is_refused(client.get(path(identity), headers=PLAIN))


def test_a_short_result_that_lost_a_digit_is_refused(client, sql):
    with sql() as connection:
        identity = insert_result(connection, make_digits(500))
        stored_results.damage(connection, identity, "left(result_value, 499)")
    assert is_refused(client.get(path(identity), headers=PLAIN))


@pytest.mark.parametrize("ordinal", [0, 1])
def test_a_chunk_that_is_too_short_breaks_every_download_through_it(client, sql, ordinal):
    digits = make_digits(3 * CHUNK)
    with sql() as connection:
        identity = insert_result(connection, digits)
        stored_results.damage(connection, identity, "left(digits, -1)", ordinal)
    start = ordinal * CHUNK
    beyond = f"bytes={start}-{start + CHUNK}"
    if ordinal == 0:
        assert is_refused(client.get(path(identity), headers=PLAIN))
        assert is_refused(client.get(path(identity), headers={**PLAIN, "Range": beyond}))
    else:
        assert received(client, identity) == digits[:CHUNK].encode()
    to_its_end = received(client, identity, Range=f"bytes={start}-{start + CHUNK - 1}")
    assert len(to_its_end) < CHUNK
    after = get_range(client, identity, f"{start + CHUNK}-")
    assert after.text == digits[start + CHUNK :]


@pytest.mark.parametrize("ordinal", [0, 1, 2])
def test_a_chunk_that_is_missing_breaks_every_download_through_it(client, sql, ordinal):
    digits = make_digits(2 * CHUNK + 1)
    with sql() as connection:
        identity = insert_result(connection, digits)
        stored_results.remove_chunk(connection, identity, ordinal)
    if ordinal == 0:
        assert is_refused(client.get(path(identity), headers=PLAIN))
    else:
        assert received(client, identity) == digits[: ordinal * CHUNK].encode()
    first = ordinal * CHUNK
    assert is_refused(get_range(client, identity, f"{first}-{first}"))
    # Ranges in the other chunks are served nevertheless.
    beside = [place for place in range(3) if place != ordinal]
    for place in beside:
        assert get_range(client, identity, f"{place * CHUNK}-{place * CHUNK}").status_code == 206


def test_a_pruned_result_is_410(client, sql):
    with sql() as connection:
        identity = insert_result(connection, make_digits(CHUNK + 1))
        connection.execute(
            text("UPDATE calculations SET result_pruned_at = now() WHERE id = :id"),
            {"id": identity},
        )
    answer = client.get(path(identity))
    assert answer.status_code == 410
    assert answer.json()["type"].endswith("result-pruned")
    assert "immutable" not in answer.headers.get("Cache-Control", "")
    assert client.get(f"/calculations/{identity}").json()["status"] == "succeeded"
