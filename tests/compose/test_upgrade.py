"""Upgrades and changed settings under load, by compose/upgrade.sh and by plain `up`."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.compose.conftest import Deployment
from tests.compose.load import load
from tests.compose.sources import copy_sources
from tests.eventually import eventually

pytestmark = pytest.mark.timeout(900)

#: Computes for several minutes.
_LONG_N = 3_000_000_000


@pytest.fixture
def sources(changing: Deployment, tmp_path: Path, monkeypatch) -> Iterator[Path]:
    """A copy of the sources, from which the image is built, to be changed by a test."""
    copy_sources(tmp_path / "sources")
    override = tmp_path / "sources.yaml"
    override.write_text(
        "services:\n  migrate:\n    build:\n"
        f"      context: {tmp_path / 'sources'}\n      dockerfile: compose/Dockerfile\n"
    )
    with monkeypatch.context() as patch:
        patch.setattr(changing, "files", [*changing.files, str(override)])
        changing.up()
        yield tmp_path / "sources"
    changing.up("--build")


def change(sources: Path, line: str) -> None:
    """Append a line to a module that every gateway imports."""
    with (sources / "gateway" / "app.py").open("a") as file:
        file.write(f"\n{line}\n")


def running(deployment: Deployment, *services: str) -> dict[str, str]:
    """Return the ids of the services' containers, with the times at which they were started."""
    return {c["Id"]: c["State"]["StartedAt"] for c in deployment.containers(*services)}


def images(deployment: Deployment, *services: str) -> set[str]:
    return {container["Image"] for container in deployment.containers(*services)}


def submit_long(client: httpx.Client) -> str:
    """Have a worker compute for minutes; return its path once it does."""
    body = {"function": "fibonacci", "arguments": {"n": _LONG_N + os.getpid()}}
    path = str(client.post("/calculations", json=body).headers["Location"])
    eventually(lambda: client.get(path).json()["status"] == "running", within_seconds=60)
    return path


def spent_attempts(deployment: Deployment, path: str) -> int:
    """Return how many attempts a calculation has had that count."""
    query = f"SELECT attempt - attempt_base FROM calculations WHERE id = '{path.split('/')[-1]}'"
    psql = ("psql", "-U", "postgres", "-d", "reckoner", "-Atc", query)
    return int(deployment.compose("exec", "-T", "postgres", *psql))


@pytest.fixture
def report(capsys):
    """Show a line to whoever runs the tests."""

    def show(line: object) -> None:
        with capsys.disabled():
            print(f"\n{line}")  # noqa: T201

    return show


def test_an_upgrade_fails_no_request_and_spends_no_attempt(changing, client, sources, report):
    servers = running(changing, "postgres", "rabbitmq", "nginx")
    programs = ("gateway", "relay", "quick", "heavy")
    before = running(changing, *programs)
    old_image = images(changing, *programs)
    path = submit_long(client)
    change(sources, "# A new version.")
    with load(changing.url, {"Authorization": client.headers["Authorization"]}) as counts:
        eventually(lambda: counts.requests > 100)
        done = changing.upgrade()
        requests = counts.requests
        eventually(lambda: counts.requests > requests + 100)
    report(f"an upgrade under load: {counts}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert counts.failures == []
    # One at most for each client, each time that NGINX reads its configuration again.
    assert counts.sent_again <= 32

    assert running(changing, "postgres", "rabbitmq", "nginx") == servers
    after = running(changing, *programs)
    assert len(after) == len(before)
    assert not after.keys() & before.keys()
    assert images(changing, *programs).isdisjoint(old_image)

    eventually(lambda: client.get(path).json()["status"] == "running", within_seconds=60)
    document = client.get(path).json()
    assert [attempt["outcome"] for attempt in document["history"]] == ["released"]
    assert spent_attempts(changing, path) == 1  # the one that runs now
    assert client.delete(path).status_code == 202

    changing.up()
    assert running(changing, *programs) == after
    assert running(changing, "postgres", "rabbitmq", "nginx") == servers

    went_back = changing.upgrade("--back")
    assert went_back.returncode == 0, went_back.stdout + went_back.stderr
    assert images(changing, *programs) == old_image
    assert running(changing, "postgres", "rabbitmq", "nginx") == servers


def test_a_version_that_does_not_start_is_rolled_back(changing, client, sources, report):
    before = running(changing)
    change(sources, 'raise RuntimeError("does not start")')
    with load(changing.url, {"Authorization": client.headers["Authorization"]}) as counts:
        eventually(lambda: counts.requests > 50)
        done = changing.upgrade()
    report(f"an upgrade that was taken back: {counts}")
    assert done.returncode == 1
    assert "does not start" in done.stderr
    assert "the old version still runs" in done.stderr
    assert counts.failures == []
    assert running(changing) == before
    changing.up()
    assert running(changing) == before


@pytest.mark.parametrize(
    ("name", "value"), [("RECKONER_HEAVY_SLOTS", "two"), ("RECKONER_HEAVY_SLOT", "2")]
)
def test_wrong_settings_change_nothing(changing, tmp_path, monkeypatch, name, value):
    before = running(changing)
    (tmp_path / "settings").write_text(f"{name}={value}\n")
    monkeypatch.setitem(changing.environment, "RECKONER_SETTINGS", str(tmp_path / "settings"))
    done = changing.upgrade()
    assert done.returncode == 1
    assert f"heavy: The settings are not valid:\n  - {name} " in done.stderr
    assert "Nothing has been changed" in done.stderr
    monkeypatch.undo()
    assert running(changing) == before
    changing.up()
    assert running(changing) == before


def test_an_invalid_replica_count_changes_nothing(changing, monkeypatch):
    before = running(changing)
    monkeypatch.setitem(changing.environment, "RECKONER_HEAVY_REPLICAS", "two")
    done = changing.upgrade()
    assert done.returncode == 1
    assert "Nothing has been changed" in done.stderr
    monkeypatch.undo()
    assert running(changing) == before


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("RECKONER_STREAMS_PER_ADDRESS", "many", 'invalid number of connections "many"'),
        ("RECKONER_GATEWAY", "nonsense:8081", "RECKONER_GATEWAY=nonsense:8081: no such name"),
        ("RECKONER_GATEWAY", "gateway", "invalid port"),
        ("RECKONER_PORT", "http", "http"),
        ("RECKONER_ADDRESS", "203.0.113.7", "203.0.113.7"),  # of nobody's: RFC 5737
        ("RECKONER_HEAVY_REPLICAS", "-1", "heavy: "),
        ("RECKONER_HEAVY_MEMORY", "1m", "heavy: "),
    ],
)
def test_settings_that_docker_or_nginx_would_refuse_change_nothing(
    changing, monkeypatch, name, value, says
):
    before = running(changing)
    with monkeypatch.context() as patch:
        patch.setitem(changing.environment, name, value)
        done = changing.upgrade("--no-build")
    assert done.returncode == 1
    assert says in done.stderr
    assert "Nothing has been changed" in done.stderr
    assert running(changing) == before


def test_a_taken_port_changes_nothing(changing, monkeypatch):
    before = running(changing)
    with socket.create_server(("127.0.0.1", 0)) as other, monkeypatch.context() as patch:
        patch.setitem(changing.environment, "RECKONER_PORT", str(other.getsockname()[1]))
        done = changing.upgrade("--no-build")
    assert done.returncode == 1
    assert "Nothing has been changed" in done.stderr
    assert running(changing) == before


def test_plain_up_with_changed_sources_restarts_neither_postgresql_nor_rabbitmq(changing, sources):
    servers = running(changing, "postgres", "rabbitmq")
    change(sources, "# A new version.")
    changing.up("--build")
    assert running(changing, "postgres", "rabbitmq") == servers


def test_replica_counts_in_the_settings_persist(changing, monkeypatch):
    def counts() -> dict[str, int]:
        services = ("gateway", "relay", "quick", "heavy")
        return {service: len(running(changing, service)) for service in services}

    wanted = {"gateway": 2, "relay": 2, "quick": 2, "heavy": 3}
    with monkeypatch.context() as patch:
        for service, count in wanted.items():
            patch.setitem(changing.environment, f"RECKONER_{service.upper()}_REPLICAS", str(count))
        servers = running(changing, "postgres", "rabbitmq")
        changing.up()
        assert counts() == wanted
        changing.up("--scale", "heavy=1")
        assert counts() == wanted | {"heavy": 1}
        changing.up()
        assert counts() == wanted
        done = changing.upgrade("--no-build")
        assert done.returncode == 0, done.stdout + done.stderr
        assert counts() == wanted
        assert running(changing, "postgres", "rabbitmq") == servers
    changing.up()
    assert counts() == dict.fromkeys(wanted, 1)
