"""Data and passwords: kept, replaced and removed as the how-to pages say."""

import httpx
import pytest

from tests.compose.conftest import run
from tests.compose.inspection import (
    DATA,
    PASSWORDS,
    SECRETS,
    broker_login,
    calculate,
    documented,
)
from tests.eventually import eventually

pytestmark = pytest.mark.timeout(900)


def test_down_keeps_data_and_passwords(deployment, client):
    before = calculate(client, 1_000_000)
    passwords = deployment.passwords()
    deployment.compose("down")
    assert deployment.volumes() == DATA | SECRETS
    deployment.up()
    after = client.get(f"/calculations/{before['id']}")
    assert after.status_code == 200
    assert after.json() == before
    assert len(client.get(before["result"]["href"]).text.strip()) == before["result"]["digits"]
    assert deployment.passwords() == passwords


def test_lost_passwords_can_be_replaced_as_documented(deployment, client):
    before = calculate(client, 100_000)
    passwords = deployment.passwords()
    deployment.compose("down")
    run("docker", "volume", "rm", *(f"{deployment.name}_{name}" for name in PASSWORDS))
    deployment.follow(documented("sh", "postgres rabbitmq\n"))
    after = client.get(f"/calculations/{before['id']}")
    assert after.json() == before
    assert calculate(client, 100_001)["status"] == "succeeded"
    assert not set(passwords.values()) & set(deployment.passwords().values())
    overview = f"http://127.0.0.1:{deployment.management_port}/api/overview"
    assert httpx.get(overview, auth=broker_login(deployment)).status_code == 200


def test_passwords_can_be_changed_as_documented(deployment, client):
    before = calculate(client, 100_000)
    passwords = deployment.passwords()
    old_login = broker_login(deployment)
    servers = {c["Id"] for c in deployment.containers("postgres", "rabbitmq")}
    deployment.follow(documented("sh", "rm */password'"))
    assert not set(passwords.values()) & set(deployment.passwords().values())
    assert client.get(f"/calculations/{before['id']}").json() == before
    assert calculate(client, 1_000_003)["lane"] == "quick"
    overview = f"http://127.0.0.1:{deployment.management_port}/api/overview"
    assert httpx.get(overview, auth=broker_login(deployment)).status_code == 200
    assert httpx.get(overview, auth=old_login).status_code == 401
    assert {c["Id"] for c in deployment.containers("postgres", "rabbitmq")} == servers


def test_disk_space_is_reclaimed_as_documented(changing, client):
    before = calculate(client, 100_000)
    changing.follow(documented("sh", "VACUUM FULL"))
    assert client.get(f"/calculations/{before['id']}").json() == before


def test_rabbitmq_gets_an_empty_volume_as_documented(changing, client):
    changing.compose("stop", "heavy")
    arguments = {"n": 20_000_003}
    answer = client.post("/calculations", json={"function": "fibonacci", "arguments": arguments})
    assert answer.json()["lane"] == "heavy"
    changing.follow(documented("sh", "volume rm reckoner_rabbitmq\n"))
    path = answer.headers["Location"]
    eventually(lambda: client.get(path).json()["status"] == "succeeded", within_seconds=120)


def test_down_with_volumes_removes_data_and_passwords(built):
    assert built.volumes() == DATA | SECRETS
    built.compose("down", "--volumes")
    assert built.volumes() == set()


def test_secret_files_of_ones_own_work_as_documented(built, tmp_path, monkeypatch):
    built.compose("down", "--volumes")
    files = {
        "postgres/password": "superuser's own\n",
        "database/password": "database's own\n",
        "app/password": "app's own\n",
        "keys/password": "keys' own\n",
        "broker/password": "brokers-own\n",
        "broker-admin/password": "admins-own\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    override = documented("yaml", "broker-secret:").replace("/srv/reckoner", str(tmp_path))
    (tmp_path / "own-secrets.yaml").write_text(override)
    with monkeypatch.context() as patch:
        patch.setattr(built, "files", [*built.files, str(tmp_path / "own-secrets.yaml")])
        built.up()
        with built.client() as client:
            assert calculate(client, 100_000)["status"] == "succeeded"
        assert broker_login(built) == ("admin", "admins-own")
        built.compose("down", "--volumes")
    assert {name: (tmp_path / name).read_text() for name in files} == files


def test_a_first_start_that_was_interrupted_is_completed(built):
    """PostgreSQL's image runs its scripts only when the data folder is created."""
    built.compose("down", "--volumes")
    built.compose("run", "--rm", "-T", "secrets")
    built.compose("up", "-d", "--wait", "postgres")
    statements = ("DROP DATABASE reckoner", "DROP ROLE reckoner")  # as before 10-reckoner.sql
    psql = ("exec", "-T", "postgres", "psql", "-U", "postgres")
    built.compose(*psql, *(word for statement in statements for word in ("-c", statement)))
    built.up()
    with built.client() as client:
        assert calculate(client, 100_000)["status"] == "succeeded"
