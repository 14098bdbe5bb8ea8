"""Names of the service: what a Host header may be, and what the setting may be."""

import pytest

from shared.config import load_settings
from shared.config.hosts import host_of, parse_hosts
from shared.errors import SettingsInvalid


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("localhost", "localhost"),
        ("localhost:8080", "localhost"),
        ("localhost:", "localhost"),
        ("LocalHost:80", "localhost"),
        ("reckoner.example.org.", "reckoner.example.org"),
        ("reckoner.example.org.:8080", "reckoner.example.org"),
        ("127.0.0.1:1", "127.0.0.1"),
        ("[::1]:8080", "[::1]"),
        ("[0:0:0:0:0:0:0:1]", "[::1]"),
        ("[FE80::A]", "[fe80::a]"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_a_host_has_one_form(header, host):
    assert host_of(header) == host


@pytest.mark.parametrize(
    "header",
    [
        *("", " ", ":8080", ".", "..", "localhost..", "a..b", "-a", "a b", "localhost,localhost"),
        *(
            "user@localhost",
            "localhost@evil",
            "evil:80@localhost",
            "localhost:80:80",
            "localhost:x",
        ),
        *("http://localhost", "localhost/", "localhost?", "localhost#", "localhost\\evil"),
        *("[::1", "::1", "[localhost]", "[::1%25eth0]", "[::1]x", "localhost\x00", "löcalhost"),
        *("localhost:123456", "%6cocalhost", "localhost;", "a" * 64),
    ],
)
def test_what_is_no_host_is_never_allowed(header):
    assert host_of(header) is None
    assert not parse_hosts("localhost,127.0.0.1,[::1],.example.org").allow(header)


def test_a_name_that_begins_with_a_dot_allows_itself_and_all_below():
    allowed = parse_hosts(".example.org, localhost")
    assert all(map(allowed.allow, ["example.org", "a.example.org:8080", "a.b.EXAMPLE.org."]))
    assert not any(map(allowed.allow, ["badexample.org", "example.org.evil", "a.localhost"]))


def test_without_a_host_only_a_star_lets_pass():
    assert not parse_hosts("localhost").allow(None)
    assert parse_hosts("localhost,*").allow(None)
    assert parse_hosts("*").allow("anything at all")


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("", "is empty"),
        (" , ", "is empty"),
        ("http://localhost", "without a scheme"),
        ("localhost/", "without a scheme or a path"),
        ("localhost:8080", "without ports"),
        ("[::1]:8080", "without ports"),
        ("::1", "IPv6 addresses in brackets"),
        ("localhost, user@localhost", "'user@localhost'"),
        ("*.example.org", r"'\*\.example\.org'"),
        (".", "one is"),
        (".127.0.0.1", "one is"),
        (".[::1]", "one is"),
        ("a b", "'a b'"),
    ],
)
def test_a_faulty_list_is_refused(variables, value, problem):
    variables(allowed_hosts=value)
    with pytest.raises(SettingsInvalid, match=f"RECKONER_ALLOWED_HOSTS .*{problem}"):
        load_settings()


@pytest.mark.parametrize("value", ["*", "localhost", "a.b,.c, [::1] ,127.0.0.1,", "A.example."])
def test_a_list_of_names_is_accepted(variables, value):
    variables(allowed_hosts=value)
    assert load_settings().allowed_hosts == value
