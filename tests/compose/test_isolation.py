"""What each container may do and reach, and who knows which password."""

import json
import re

import httpx
import pytest

from tests.compose.conftest import Deployment, run
from tests.compose.inspection import (
    PASSWORDS,
    SERVICES,
    THAT_END,
    broker_login,
    service_of,
)

pytestmark = pytest.mark.timeout(900)

#: Executes a statement as the service itself is logged in.
_EXECUTE = """
import sys
import psycopg2
from shared.config import load_settings
url = load_settings().sqlalchemy_url
connection = psycopg2.connect(
    host=url.host, dbname=url.database, user=url.username, password=url.password
)
try:
    connection.cursor().execute(sys.argv[1])
except psycopg2.Error as error:
    print(type(error).__name__)
"""


def test_passwords_are_random(deployment):
    other = Deployment()
    other.environment["RECKONER_IMAGE"] = deployment.name
    try:
        passwords = [*deployment.passwords().values(), *other.passwords().values()]
    finally:
        other.compose("down", "--volumes")
    assert all(re.fullmatch("[0-9a-f]{48}", password) for password in passwords)
    assert len(set(passwords)) == 12


def test_no_process_runs_as_root(deployment):
    for container in deployment.containers():
        _, *processes = run("docker", "top", container["Id"], "-eo", "pid,uid").splitlines()
        assert processes
        assert "0" not in {line.split()[1] for line in processes}, service_of(container)
    for container in deployment.containers("--all", *THAT_END):
        user = "postgres" if service_of(container) == "roles" else "10001:10001"
        assert container["Config"]["User"] == user


def test_each_service_writes_its_data_only_and_sees_its_secrets_only(deployment):
    for container in deployment.containers("--all"):
        service = service_of(container)
        assert container["HostConfig"]["ReadonlyRootfs"], service
        assert all(not m["RW"] for m in container["Mounts"] if m["Type"] == "bind")
        volumes = {
            mount["Name"].removeprefix(f"{deployment.name}_"): mount["RW"]
            for mount in container["Mounts"]
            if mount["Type"] == "volume"
        }
        writes, reads = {
            "secrets": (PASSWORDS | {"broker-definitions"}, set()),
            "roles": (set(), PASSWORDS - {"broker-secret", "broker-admin-secret"}),
            "migrate": (set(), {"database-secret"}),
            "operator": ({"operator-key"}, {"keys-secret"}),
            "postgres": ({"postgres"}, {"postgres-secret", "database-secret"}),
            "rabbitmq": ({"rabbitmq"}, {"broker-definitions"}),
            "nginx": (set(), set()),
        }.get(service, (set(), {"app-secret", "broker-secret"}))
        assert volumes == dict.fromkeys(writes, True) | dict.fromkeys(reads, False), service


def test_no_service_has_or_can_gain_privileges(deployment):
    containers = deployment.containers("--all")
    assert {service_of(container) for container in containers} == SERVICES | THAT_END
    for container in containers:
        host = container["HostConfig"]
        assert host["CapDrop"] == ["ALL"], service_of(container)
        assert not host["CapAdd"]
        assert "no-new-privileges:true" in host["SecurityOpt"]
        assert not host["Privileged"]
    for container in deployment.containers():
        status = run("docker", "exec", container["Id"], "grep", "^Cap", "/proc/1/status")
        capabilities = dict(line.split(":\t") for line in status.splitlines())
        assert int(capabilities["CapEff"], 16) == 0
        assert int(capabilities["CapBnd"], 16) == 0


def test_only_nginx_and_the_management_ui_are_published(deployment):
    published = {
        (service_of(container), inner): [(b["HostIp"], b["HostPort"]) for b in bindings]
        for container in deployment.containers()
        for inner, bindings in container["NetworkSettings"]["Ports"].items()
        if bindings
    }
    assert published == {
        ("nginx", "8080/tcp"): [("127.0.0.1", str(deployment.port))],
        ("rabbitmq", "15672/tcp"): [("127.0.0.1", str(deployment.management_port))],
    }


def test_passwords_are_in_files_only(deployment):
    inspected = json.dumps(deployment.containers("--all"))
    logs = deployment.compose("logs", "--no-color")
    for password in deployment.passwords().values():
        assert password not in inspected
        assert password not in logs


def test_no_role_of_reckoner_is_a_superuser_and_pages_have_checksums(deployment):
    def ask(query: str) -> str:
        psql = ("psql", "-U", "postgres", "-d", "reckoner", "-Atc", query)
        return str(deployment.compose("exec", "-T", "postgres", *psql)).strip()

    roles = "SELECT count(*), bool_or(rolsuper OR rolcreaterole) FROM pg_roles"
    assert ask(f"{roles} WHERE rolname LIKE 'reckoner%'") == "3|f"
    assert ask("SHOW data_checksums") == "on"
    rules = "SELECT DISTINCT auth_method FROM pg_hba_file_rules WHERE type <> 'local'"
    assert ask(rules) == "scram-sha-256"


def test_only_the_administrator_uses_rabbitmqs_management(deployment):
    overview = f"http://127.0.0.1:{deployment.management_port}/api/overview"
    service = ("reckoner", deployment.passwords()["broker/password"])
    for login in (("guest", "guest"), service):
        assert httpx.get(overview, auth=login).status_code == 401
    assert httpx.get(overview, auth=broker_login(deployment)).status_code == 200


def test_gateways_and_workers_cannot_make_keys_or_tables(deployment):
    for service in ("gateway", "heavy"):
        for statement in ("DELETE FROM api_keys", "CREATE TABLE more (id integer)"):
            said = deployment.compose("exec", "-T", service, "python", "-c", _EXECUTE, statement)
            assert said.strip() == "InsufficientPrivilege"


def test_every_container_has_a_limit_of_its_memory(deployment):
    for container in deployment.containers("--all"):
        assert 0 < container["HostConfig"]["Memory"] <= 6 * 2**30, service_of(container)


def test_a_request_without_a_key_is_refused(deployment, client):
    assert httpx.get(f"{deployment.url}/system").status_code == 401
    assert client.get("/system").status_code == 200
    assert httpx.get(f"{deployment.url}/health/ready").status_code == 200


def test_keys_are_made_by_the_service_for_them(deployment):
    arguments = ("create", "shop", "--scope", "read")
    key = deployment.compose("run", "--rm", "-T", "key", *arguments).strip()
    headers = {"Authorization": f"Bearer {key}"}
    url = deployment.url
    assert httpx.get(f"{url}/calculations", headers=headers).status_code == 200
    assert httpx.get(f"{url}/system", headers=headers).status_code == 403
    deployment.compose("run", "--rm", "-T", "key", "revoke", "shop")
    assert "shop" not in deployment.compose("run", "--rm", "-T", "key", "list")


def test_only_services_that_clients_reach_can_reach_the_internet(deployment):
    with_a_way_out = set()
    for container in deployment.containers():
        networks = container["NetworkSettings"]["Networks"]
        if not all(
            network["Internal"]
            for network in json.loads(run("docker", "network", "inspect", *networks))
        ):
            with_a_way_out.add(service_of(container))
    assert with_a_way_out == {"nginx", "gateway", "rabbitmq"}
