"""What a user may set for `make up`."""

import dataclasses
import socket

import pytest

from compose.local.settings import PREFIX, LocalSettings, check_ports, read_settings
from compose.services import ServiceError
from compose.services.errors import PortTaken
from tests.ports import ports_for

PORTS = [field.name for field in dataclasses.fields(LocalSettings) if field.name.endswith("port")]


@pytest.fixture
def settings() -> LocalSettings:
    """Ports that are all free."""
    return read_settings({f"{PREFIX}{n.upper()}": str(p) for n, p in ports_for(PORTS).items()})


def test_without_variables_there_are_defaults():
    settings = read_settings({"PATH": "/bin", "RECKONER_LOG_LEVEL": "DEBUG"})
    assert settings == LocalSettings()
    assert (settings.host, settings.port, settings.heavy) == ("127.0.0.1", 8080, 1)


def test_a_variable_sets_its_field():
    variables = {f"{PREFIX}HOST": "192.0.2.7", f"{PREFIX}PORT": " 9090 ", f"{PREFIX}HEAVY": "0"}
    assert read_settings(variables) == LocalSettings(host="192.0.2.7", port=9090, heavy=0)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *[("PORT", text) for text in ("", "http", "-1", "0", "65536", "80.5", "٣")],
        *[("HEAVY", text) for text in ("-1", "65", "two")],
    ],
)
def test_an_impossible_number_is_named(name, text):
    with pytest.raises(ServiceError) as caught:
        read_settings({PREFIX + name: text})
    assert PREFIX + name in caught.value.problem
    assert caught.value.remedy


@pytest.mark.parametrize(("name", "text"), [("PORT", "1"), ("PORT", "65535"), ("HEAVY", "64")])
def test_the_largest_and_smallest_numbers_are_accepted(name, text):
    assert getattr(read_settings({PREFIX + name: text}), name.lower()) == int(text)


def test_an_unknown_variable_is_named():
    with pytest.raises(ServiceError, match=f"{PREFIX}PROT"):
        read_settings({f"{PREFIX}PROT": "8080"})


def test_free_ports_are_accepted(settings):
    check_ports(settings)


@pytest.mark.parametrize("name", PORTS)
def test_a_taken_port_is_named_with_its_variable_and_its_holder(settings, name):
    port = getattr(settings, name)
    with socket.create_server(("127.0.0.1", port)), pytest.raises(PortTaken) as caught:
        check_ports(settings)
    assert str(port) in caught.value.problem
    assert "python" in caught.value.problem or "pytest" in caught.value.problem
    assert f"{PREFIX}{name.upper()}" in str(caught.value)


def test_a_port_that_is_set_twice_is_named(settings):
    with pytest.raises(PortTaken, match=str(settings.port)):
        check_ports(dataclasses.replace(settings, epmd_port=settings.port))


def test_a_connection_that_was_closed_just_now_does_not_take_its_port(settings):
    """It is in TIME_WAIT for a minute, in which a server may start again."""
    with socket.create_server(("127.0.0.1", settings.port)) as server:
        client = socket.create_connection(("127.0.0.1", settings.port))
        accepted, _ = server.accept()
        accepted.close()
        client.close()
    check_ports(settings)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://localhost:8080"),
        ("::", "http://localhost:8080"),
        ("192.0.2.7", "http://192.0.2.7:8080"),
        ("2001:db8::7", "http://[2001:db8::7]:8080"),
    ],
)
def test_the_url_shown_to_the_user(host, url):
    assert LocalSettings(host=host).url == url
