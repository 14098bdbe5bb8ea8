"""What each container may do and reach, and who knows which password."""

import json
import re

import httpx
import pytest

from tests.compose.conftest import Deployment, run
from tests.compose.inspection import (
    SECRETS,
    SERVICES,
    THAT_END,
    service_of,
)

pytestmark = pytest.mark.timeout(900)


def test_passwords_are_random(deployment):
    other = Deployment()
    other.environment["RECKONER_IMAGE"] = deployment.name
    try:
        passwords = [*deployment.passwords().values(), *other.passwords().values()]
    finally:
        other.compose("down", "--volumes")
    assert all(re.fullmatch("[0-9a-f]{48}", password) for password in passwords)
    assert len(set(passwords)) == 6


def test_no_process_runs_as_root(deployment):
    for container in deployment.containers():
        _, *processes = run("docker", "top", container["Id"], "-eo", "pid,uid").splitlines()
        assert processes
        assert "0" not in {line.split()[1] for line in processes}, service_of(container)
    for container in deployment.containers("--all", *THAT_END):
        assert container["Config"]["User"] == "10001:10001"


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
            "secrets": (SECRETS, set()),
            "postgres": ({"postgres"}, {"postgres-secret", "database-secret"}),
            "rabbitmq": ({"rabbitmq"}, {"broker-secret"}),
            "nginx": (set(), set()),
        }.get(service, (set(), {"database-secret", "broker-secret"}))
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


def test_the_role_reckoner_is_no_superuser_and_pages_have_checksums(deployment):
    def ask(query: str) -> str:
        psql = ("psql", "-U", "postgres", "-d", "reckoner", "-Atc", query)
        return str(deployment.compose("exec", "-T", "postgres", *psql)).strip()

    assert ask("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = 'reckoner'") == "f"
    assert ask("SHOW data_checksums") == "on"
    rules = "SELECT DISTINCT auth_method FROM pg_hba_file_rules WHERE type <> 'local'"
    assert ask(rules) == "scram-sha-256"


def test_the_user_guest_cannot_log_in(deployment):
    overview = f"http://127.0.0.1:{deployment.management_port}/api/overview"
    assert httpx.get(overview, auth=("guest", "guest")).status_code == 401


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
