"""The production shape, as `docker compose -f compose/compose.yaml up` makes it."""

import json
import os
import subprocess
import sys
from typing import Any

import httpx
import pytest

from tests.compose.conftest import ROOT, Deployment, run
from tests.eventually import eventually

pytestmark = pytest.mark.timeout(900)

SERVICES = {"nginx", "gateway", "relay", "quick", "heavy", "postgres", "rabbitmq"}


def service_of(container: dict[str, Any]) -> str:
    return str(container["Config"]["Labels"]["com.docker.compose.service"])


def calculate(client: httpx.Client, n: int) -> dict[str, Any]:
    """Have fibonacci(n) calculated, and return its document."""
    answer = client.post(
        "/calculations",
        json={"function": "fibonacci", "arguments": {"n": n}},
        headers={"Prefer": "wait=60"},
    )
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    assert document["status"] == "succeeded"
    return document


def heavy_workers(client: httpx.Client) -> set[str]:
    """Return the hosts of the heavy workers that are alive."""
    workers = client.get("/system").json()["workers"]
    return {worker["host"] for worker in workers if worker["lane"] == "heavy"}


def hosts(deployment: Deployment, service: str) -> set[str]:
    return {container["Config"]["Hostname"] for container in deployment.containers(service)}


def test_all_services_run_and_are_healthy(deployment):
    containers = deployment.containers()
    assert {service_of(container) for container in containers} == SERVICES
    assert {container["State"]["Health"]["Status"] for container in containers} == {"healthy"}


def test_it_keeps_the_contract_that_every_deployment_keeps(deployment):
    command = [sys.executable, "-m", "pytest", "tests/e2e", "-q", "--base-url", deployment.url]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=800)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]


def test_it_does_not_start_without_secrets(tmp_path):
    environment = {name: value for name, value in os.environ.items() if "RECKONER" not in name}
    command = ["docker", "compose", "--env-file", os.devnull, "-f", "compose/compose.yaml"]
    # A name of its own: whatever happens, it is not a deployment that somebody uses.
    command += ["-p", "reckoner-test-without-secrets", "up", "--no-start"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode != 0
    assert "run compose/make-secrets" in done.stderr


def test_secrets_are_made_once_and_are_never_the_same(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second, second):
        before = {path: path.read_text() for path in folder.glob("*")}
        run("compose/make-secrets", str(folder))
        assert all(path.read_text() == text for path, text in before.items())
    assert first.stat().st_mode & 0o777 == 0o700
    names = {path.name for path in first.iterdir()}
    assert names == {path.name for path in second.iterdir()}
    for name in names:
        assert (first / name).read_text() != (second / name).read_text()
    passwords = [(first / name).read_text() for name in names if name.endswith("_password")]
    assert len(set(passwords)) == 3
    assert all(len(password) == 48 for password in passwords)


def test_no_process_is_roots(deployment):
    for container in deployment.containers():
        _, *processes = run("docker", "top", container["Id"], "-eo", "pid,uid").splitlines()
        assert processes
        assert "0" not in {line.split()[1] for line in processes}, service_of(container)


def test_nothing_can_be_written_beside_the_data(deployment):
    for container in deployment.containers():
        assert container["HostConfig"]["ReadonlyRootfs"], service_of(container)
        volumes = {
            mount["Destination"] for mount in container["Mounts"] if mount["Type"] == "volume"
        }
        expected = {
            "postgres": {"/var/lib/postgresql/data"},
            "rabbitmq": {"/var/lib/rabbitmq"},
        }
        assert volumes == expected.get(service_of(container), set())
        assert all(not m["RW"] for m in container["Mounts"] if m["Type"] == "bind")


def test_no_privilege_is_left_and_none_can_be_gained(deployment):
    for container in deployment.containers():
        host = container["HostConfig"]
        assert host["CapDrop"] == ["ALL"], service_of(container)
        assert not host["CapAdd"]
        assert "no-new-privileges:true" in host["SecurityOpt"]
        assert not host["Privileged"]
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
    inspected = json.dumps(deployment.containers())
    logs = deployment.compose("logs", "--no-color")
    for path in deployment.secrets.glob("*_password"):
        assert path.read_text() not in inspected
        assert path.read_text() not in logs


def test_every_container_comes_back_and_its_log_is_bounded(deployment):
    for container in deployment.containers():
        host = container["HostConfig"]
        assert host["RestartPolicy"]["Name"] == "unless-stopped"
        assert host["LogConfig"]["Config"] == {"max-size": "10m", "max-file": "5"}


def test_a_heavy_worker_may_use_more_memory_than_its_calculation(deployment):
    [heavy] = deployment.containers("heavy")
    ask = "from shared.config import load_settings; print(load_settings().memory_limit_bytes)"
    limit = int(deployment.compose("exec", "-T", "heavy", "python", "-c", ask))
    assert heavy["HostConfig"]["Memory"] >= limit + 2**30
    assert heavy["HostConfig"]["MemorySwap"] == heavy["HostConfig"]["Memory"]


def test_when_memory_ends_the_calculation_dies_and_its_worker_tells(
    deployment, client, monkeypatch
):
    monkeypatch.setitem(deployment.environment, "RECKONER_HEAVY_MEMORY", "300m")
    deployment.up()
    [before] = deployment.containers("heavy")
    answer = client.post(
        "/calculations",
        json={"function": "fibonacci", "arguments": {"n": 1_000_000_000}},
        headers={"Prefer": "wait=60"},
    )
    assert answer.json()["status"] == "failed"
    assert "killed by the kernel" in answer.json()["error"]["detail"]
    [after] = deployment.containers("heavy")
    assert after["State"]["StartedAt"] == before["State"]["StartedAt"]


def test_reckoner_is_no_superuser_and_pages_have_checksums(deployment):
    def ask(query: str) -> str:
        psql = ("psql", "-U", "postgres", "-d", "reckoner", "-Atc", query)
        return str(deployment.compose("exec", "-T", "postgres", *psql)).strip()

    assert ask("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = 'reckoner'") == "f"
    assert ask("SHOW data_checksums") == "on"
    rules = "SELECT DISTINCT auth_method FROM pg_hba_file_rules WHERE type <> 'local'"
    assert ask(rules) == "scram-sha-256"


def test_queues_are_quorum_queues(deployment):
    answer = httpx.get(
        f"http://127.0.0.1:{deployment.management_port}/api/queues",
        auth=("reckoner", deployment.secret("broker_password")),
    )
    assert answer.status_code == 200, answer.text
    types = {queue["name"]: queue["type"] for queue in answer.json()}
    assert {"reckoner.quick", "reckoner.heavy"} <= types.keys()
    assert set(types.values()) == {"quorum"}


def test_guest_has_no_login(deployment):
    overview = f"http://127.0.0.1:{deployment.management_port}/api/overview"
    assert httpx.get(overview, auth=("guest", "guest")).status_code == 401


def test_scaling_takes_effect(deployment, client):
    deployment.up("--scale", "heavy=3", "--scale", "quick=2")
    assert len(hosts(deployment, "heavy")) == 3
    assert len(hosts(deployment, "quick")) == 2
    eventually(lambda: heavy_workers(client) == hosts(deployment, "heavy"))


def test_a_worker_that_is_stopped_signs_off(deployment, client):
    deployment.up("--scale", "heavy=2")
    eventually(lambda: heavy_workers(client) == hosts(deployment, "heavy"))
    deployment.up("--scale", "heavy=1")
    eventually(lambda: heavy_workers(client) == hosts(deployment, "heavy"), within_seconds=5)


def test_nginx_finds_a_gateway_that_was_not_there_when_it_started(deployment, client):
    deployment.up("--scale", "gateway=2")
    first, _ = deployment.compose("ps", "--quiet", "gateway").split()
    run("docker", "stop", first)
    eventually(lambda: client.get("/health/ready").status_code == 200)
    assert calculate(client, 2_000)["result"]["digits"] == 418


def test_only_what_clients_reach_has_a_way_out(deployment):
    with_a_way_out = set()
    for container in deployment.containers():
        networks = container["NetworkSettings"]["Networks"]
        if not all(
            network["Internal"]
            for network in json.loads(run("docker", "network", "inspect", *networks))
        ):
            with_a_way_out.add(service_of(container))
    assert with_a_way_out == {"nginx", "gateway", "rabbitmq"}


def test_down_keeps_the_data(deployment, client):
    before = calculate(client, 1_000_000)
    volumes = deployment.volumes()
    deployment.compose("down")
    assert deployment.volumes() == volumes
    deployment.up()
    after = client.get(f"/calculations/{before['id']}")
    assert after.status_code == 200
    assert after.json() == before
    assert len(client.get(before["result"]["href"]).text.strip()) == before["result"]["digits"]


def test_down_with_volumes_removes_the_data(deployment):
    assert len(deployment.volumes()) == 2
    deployment.compose("down", "--volumes")
    assert deployment.volumes() == []
