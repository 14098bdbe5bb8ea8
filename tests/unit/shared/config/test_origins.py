"""The setting of origins that may use the service."""

import pytest

from shared.config import load_settings
from shared.config.origins import parse_origins
from shared.errors import SettingsInvalid


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("", "is empty"),
        ("*", "anybody"),
        ("https://a.example,null", "anybody"),
        ("a.example", "not an origin"),
        ("ftp://a.example", "not an origin"),
        ("https://", "not an origin"),
        ("https://user@a.example", "not an origin"),
        ("https://a.example/page", "not an origin"),
        ("https://a.example?x", "not an origin"),
        ("https://a.example:99999", "not an origin"),
        ("https://a.example:0", "not an origin"),
        ("https://[a", "not an origin"),
        ("https://a.example/", "send as https://a.example"),
        ("https://A.example", "send as https://a.example"),
        ("https://a.example:443", "send as https://a.example"),
        ("http://a.example:080", "send as http://a.example"),
        ("http://[0::1]:3000", r"send as http://\[::1\]:3000"),
    ],
)
def test_a_faulty_list_is_refused(variables, value, problem):
    variables(cors_origins=value)
    with pytest.raises(SettingsInvalid, match=f"RECKONER_CORS_ORIGINS .*{problem}"):
        load_settings()


def test_origins_as_browsers_write_them_are_accepted(variables):
    variables(cors_origins="https://a.example, http://localhost:3000,http://[::1]:8000")
    assert parse_origins(load_settings().cors_origins) == {
        "https://a.example",
        "http://localhost:3000",
        "http://[::1]:8000",
    }
    assert parse_origins(None) == frozenset()
