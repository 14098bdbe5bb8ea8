"""How durations, rates, bytes, names and scopes are written for `reckoner key`."""

import pytest

from reckoner.cli.key.forms import (
    duration_seconds,
    expiry_seconds,
    key_name,
    name_or_id,
    positive_number,
    rate_per_second,
    scopes_in,
    size_bytes,
)
from shared.keys.credential import new_credential
from shared.keys.scope import Scope


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (duration_seconds, "90d", 7_776_000),
        (duration_seconds, "12h", 43_200),
        (duration_seconds, "30m", 1_800),
        (duration_seconds, "45s", 45),
        (duration_seconds, "0", 0),
        (duration_seconds, "36500d", 36_500 * 86_400),
        (expiry_seconds, "1s", 1),
        (expiry_seconds, "never", None),
        (rate_per_second, "50/s", 50),
        (rate_per_second, "600/m", 10),
        (rate_per_second, "1800/h", 0.5),
        (rate_per_second, "0.5/s", 0.5),
        (size_bytes, "500", 500),
        (size_bytes, "1B", 1),
        (size_bytes, "3KB", 3_000),
        (size_bytes, "10GB", 10_000_000_000),
        (size_bytes, "5GiB", 5 * 2**30),
        (size_bytes, "1 TiB", 2**40),
        (positive_number, "600", 600),
        (positive_number, "0.25", 0.25),
        (scopes_in, "submit,read", {Scope.SUBMIT, Scope.READ}),
        (scopes_in, "submit, submit", {Scope.SUBMIT}),
        (key_name, "shop-1.Blue_2", "shop-1.Blue_2"),
        (key_name, "a" * 64, "a" * 64),
        (key_name, "0a1b2c3d4e5", "0a1b2c3d4e5"),
        (name_or_id, "0a1b2c3d4e5f", "0a1b2c3d4e5f"),
        (name_or_id, "shop", "shop"),
    ],
)
def test_it_is_read(parse, text, value):
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "texts"),
    [
        (duration_seconds, ["", "90", "d", "-1d", "1.5h", "90 d", "90d ", "1w", "٣d", "36501d"]),
        (expiry_seconds, ["0", "0d", "-90d", "Never", ""]),
        (rate_per_second, ["50", "0/s", "-1/s", "nan/s", "inf/s", "1e3/s", "50/d", "50/s\n"]),
        (size_bytes, ["0", "0GB", "-1", "1gb", "1GBit", "1.5GB", "nan", "9999999TiB"]),
        (positive_number, ["0", "-1", "nan", "inf", "1e3", "", "9999999999999"]),
        (scopes_in, ["", "read,", "write", "READ", "read;submit"]),
        (name_or_id, ["", "a" * 65, "two words", "\udcff", "a\n"]),
        (key_name, ["", "a" * 65, "two words", "na/me", "ü", "a\n", "0a1b2c3d4e5f"]),
    ],
)
def test_anything_else_is_refused_with_what_to_write(parse, texts):
    for text in texts:
        with pytest.raises(ValueError, match=r"(?s)\. .+\.$"):
            parse(text)


@pytest.mark.parametrize("parse", [key_name, name_or_id])
def test_a_whole_key_is_not_shown_again(parse):
    key = new_credential()
    with pytest.raises(ValueError, match=f"Its id is {key.id}") as refused:
        parse(key.text)
    assert key.secret not in str(refused.value)
