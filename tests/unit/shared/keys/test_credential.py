"""The text of keys and of sessions' tokens: only its exact form is read, and no secret is shown."""

import hashlib
import traceback

import pytest

from shared.keys.credential import (
    digest,
    new_credential,
    new_token,
    parse_key,
    parse_token,
    without_key,
)

ID, SECRET = "0a1b2c3d4e5f", "0123456789abcdef" * 4


def test_a_key_is_read_back_with_what_is_stored_of_its_secret():
    credential = new_credential()
    found = parse_key(credential.text)
    assert found == credential
    assert credential.sha256 == hashlib.sha256(credential.secret.encode()).digest()


def test_a_new_secret_keeps_the_id():
    first = new_credential()
    second = new_credential(first.id)
    assert second.id == first.id
    assert second.secret != first.secret


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"rk_{ID}_{SECRET}\n",
        f" rk_{ID}_{SECRET}",
        f"RK_{ID}_{SECRET}",
        f"rk_{ID.upper()}_{SECRET}",
        f"rk_{ID}_{SECRET.upper()}",
        f"rk_{ID}_{SECRET[1:]}",
        f"rk_{ID}_{SECRET}0",
        f"rk_{ID}0_{SECRET}",
        f"rk_{ID}{SECRET}",
        f"rs_{SECRET}",
        f"rk_{ID}_{SECRET[1:]}٣",
    ],
)
def test_any_other_text_is_no_key(text):
    assert parse_key(f"rk_{ID}_{SECRET}") is not None
    assert parse_key(text) is None


def test_a_token_is_read_in_its_exact_form_alone():
    token = new_token()
    assert parse_token(token) == token.removeprefix("rs_")
    for text in ("", f"{token}\n", token.upper(), token[:-1], f"rk_{ID}_{SECRET}"):
        assert parse_token(text) is None


def test_what_is_shown_of_a_key_has_no_secret():
    credential = new_credential()
    try:
        raise ValueError(credential)
    except ValueError:
        shown = traceback.format_exc()
    for text in (repr(credential), str(credential), shown):
        assert credential.id in text
        assert credential.secret not in text
        assert digest(credential.secret).hex() not in text


@pytest.mark.parametrize("part", [slice(None), slice(20)])
@pytest.mark.parametrize("text", [f"rk_{ID}_{SECRET}", f"RK_{ID}_{SECRET}", f"rs_{SECRET}"])
def test_a_text_for_the_log_holds_no_key(text, part):
    assert without_key(f"/calculations/{text[part]}/result") == "(hidden: it holds a key)"


def test_a_text_without_a_key_is_logged_as_it_is():
    for text in ("/calculations", "/park_2", f"/rs_{SECRET[:15]}", f"/{SECRET}"):
        assert without_key(text) == text
