"""What a user may set for `make up`, and what is said when ports are taken."""

import socket

import pytest

from compose.local.settings import LocalSettings, check_ports, check_settings, read_settings
from compose.services import free_port
from compose.services.errors import PortTaken, ServiceError

FIELDS = (
    *("port", "gateway_port", "postgres_port", "amqp_port"),
    *("management_port", "distribution_port", "epmd_port"),
)


@pytest.fixture
def free():
    """Settings with ports that nobody listens on."""
    ports: set[int] = set()
    while len(ports) < len(FIELDS):
        ports.add(free_port())
    return dict(zip(FIELDS, sorted(ports), strict=True))


def test_all_taken_ports_are_named_at_once_with_the_variables_that_change_them(free):
    with socket.create_server(("127.0.0.1", free["port"])) as one:
        two = socket.create_server(("127.0.0.1", free["epmd_port"]))
        with two, pytest.raises(PortTaken) as caught:
            check_ports(LocalSettings(**free | {"amqp_port": free["postgres_port"]}))
        assert one.getsockname()[1] == free["port"]
    said = f"{caught.value.problem}\n{caught.value.remedy}"
    for field in ("port", "epmd_port", "amqp_port"):
        assert f"Port {free['postgres_port' if field == 'amqp_port' else field]}" in said
        assert f"RECKONER_LOCAL_{field.upper()}=" in caught.value.remedy
    assert "RECKONER_LOCAL_GATEWAY_PORT" not in said
    moves = dict(word.split("=") for word in said.split() if word.startswith("RECKONER_LOCAL_"))
    moved = {
        name.removeprefix("RECKONER_LOCAL_").lower(): int(port) for name, port in moves.items()
    }
    check_ports(LocalSettings(**free | moved))


# 192.0.2.0/24 is set aside for documentation, and `.invalid` for names that nobody has.
@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid", "127.0.0.1;", ""])
def test_an_address_that_is_not_of_this_machine_is_refused_at_once(free, host):
    with pytest.raises(ServiceError, match=f"RECKONER_LOCAL_HOST='{host}' is not an address"):
        check_ports(LocalSettings(host=host, **free))


def test_all_errors_in_local_settings_are_named_at_once():
    with pytest.raises(ServiceError) as caught:
        read_settings({"RECKONER_LOCAL_PROT": "1", "RECKONER_LOCAL_HEAVY": "two"})
    assert caught.value.problem.splitlines() == [
        "RECKONER_LOCAL_HEAVY must be from 0 to 64; it is 'two'.",
        "RECKONER_LOCAL_PROT is not a setting. Did you mean RECKONER_LOCAL_PORT?",
    ]


def test_the_settings_of_all_processes_are_checked_first(monkeypatch):
    check_settings(LocalSettings())
    monkeypatch.setenv("RECKONER_HEAVY_SLOTS", "two")
    with pytest.raises(ServiceError, match="RECKONER_HEAVY_SLOTS"):
        check_settings(LocalSettings())


def test_a_missing_password_file_is_reported_before_anything_starts(monkeypatch):
    monkeypatch.setenv("RECKONER_DATABASE_PASSWORD_FILE", "/nonexistent/password")
    with pytest.raises(ServiceError, match="/nonexistent/password cannot be read"):
        check_settings(LocalSettings())


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])  # noqa: S104
def test_without_keys_it_is_for_this_machine_only(monkeypatch, host):
    with pytest.raises(ServiceError, match=f"RECKONER_LOCAL_HOST='{host}' opens") as caught:
        check_settings(LocalSettings(host=host))
    assert "RECKONER_KEYS=on" in caught.value.remedy
    monkeypatch.setenv("RECKONER_KEYS", "on")
    assert check_settings(LocalSettings(host=host)).are_keys_on


@pytest.mark.parametrize(
    ("host", "names"),
    [
        ("127.0.0.1", "localhost,127.0.0.1,[::1]"),
        ("::1", "localhost,127.0.0.1,[::1]"),
        ("0.0.0.0", "localhost,127.0.0.1,[::1]"),  # noqa: S104
        ("192.0.2.1", "localhost,127.0.0.1,[::1],192.0.2.1"),
        ("2001:db8::7", "localhost,127.0.0.1,[::1],[2001:db8::7]"),
    ],
)
def test_the_address_that_it_listens_on_is_a_name_of_it(monkeypatch, host, names):
    monkeypatch.setenv("RECKONER_KEYS", "on")
    assert check_settings(LocalSettings(host=host)).allowed_hosts == names


def test_names_of_the_user_are_kept(monkeypatch):
    monkeypatch.setenv("RECKONER_ALLOWED_HOSTS", "reckoner.example.org")
    assert "reckoner.example.org" in check_settings(LocalSettings()).allowed_hosts.split(",")
