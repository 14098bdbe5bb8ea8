"""The production shape, as `docker compose -f compose/compose.yaml up` makes it."""

import json
import re
import subprocess
import sys
from typing import Any

import httpx
import pytest

from tests.compose.conftest import ROOT, Deployment, run
from tests.eventually import eventually

pytestmark = pytest.mark.timeout(900)

SERVICES = {"nginx", "gateway", "relay", "quick", "heavy", "postgres", "rabbitmq"}
THAT_END = {"secrets", "migrate"}
DATA = {"postgres", "rabbitmq"}
SECRETS = {"postgres-secret", "database-secret", "broker-secret"}


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


def broker_login(deployment: Deployment) -> tuple[str, str]:
    """Return the user and the password of RabbitMQ's UI, as they are read by hand."""
    shown = deployment.compose("exec", "-T", "rabbitmq", "cat", "/etc/rabbitmq/conf.d/login.conf")
    user, password = (line.split(" = ")[1] for line in shown.splitlines())
    return user, password


def documented(kind: str, containing: str) -> str:
    """Return the code block of docs/deploying.md that contains a text, in whole lines."""
    text = (ROOT / "docs/deploying.md").read_text()
    [block] = [b for b in re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL) if containing in b]
    return str(block).replace("\\\n", "")


def test_all_services_run_and_are_healthy(deployment):
    containers = deployment.containers()
    assert {service_of(container) for container in containers} == SERVICES
    assert {container["State"]["Health"]["Status"] for container in containers} == {"healthy"}


def test_it_keeps_the_contract_that_every_deployment_keeps(deployment):
    command = [sys.executable, "-m", "pytest", "tests/e2e", "-q", "--base-url", deployment.url]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=800)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]


def test_passwords_are_random(deployment):
    other = Deployment()
    other.environment["RECKONER_IMAGE"] = deployment.name
    try:
        passwords = [*deployment.passwords().values(), *other.passwords().values()]
    finally:
        other.compose("down", "--volumes")
    assert all(re.fullmatch("[0-9a-f]{48}", password) for password in passwords)
    assert len(set(passwords)) == 6


def test_no_process_is_roots(deployment):
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


def test_no_privilege_is_left_and_none_can_be_gained(deployment):
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


def test_when_memory_ends_the_calculation_dies_and_its_worker_tells(changing, client, monkeypatch):
    monkeypatch.setitem(changing.environment, "RECKONER_HEAVY_MEMORY", "300m")
    changing.up()
    [before] = changing.containers("heavy")
    asked = {"function": "fibonacci", "arguments": {"n": 1_000_000_000}}
    path = client.post("/calculations", json=asked).headers["Location"]

    def failed():
        found = client.get(path, headers={"Prefer": "wait=60"}).json()
        assert found["status"] == "failed"
        return found

    document = eventually(failed, within_seconds=240)
    # The kernel kills it; it is tried once more, with the worker to itself.
    first, second = document["history"]
    assert first["outcome"] == "out-of-memory"
    assert second["outcome"].endswith("memory-limit")
    assert document["error"]["type"].endswith("memory-limit")
    assert "The machine ran out of memory" in document["error"]["detail"]
    [after] = changing.containers("heavy")
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
        auth=broker_login(deployment),
    )
    assert answer.status_code == 200, answer.text
    types = {queue["name"]: queue["type"] for queue in answer.json()}
    assert {"reckoner.quick", "reckoner.heavy"} <= types.keys()
    assert set(types.values()) == {"quorum"}


def test_guest_has_no_login(deployment):
    overview = f"http://127.0.0.1:{deployment.management_port}/api/overview"
    assert httpx.get(overview, auth=("guest", "guest")).status_code == 401


def test_scaling_takes_effect(changing, client):
    changing.up("--scale", "heavy=3", "--scale", "quick=2")
    assert len(hosts(changing, "heavy")) == 3
    assert len(hosts(changing, "quick")) == 2
    eventually(lambda: heavy_workers(client) == hosts(changing, "heavy"))


def test_a_worker_that_is_stopped_signs_off(deployment, client):
    deployment.up("--scale", "heavy=2")
    eventually(lambda: heavy_workers(client) == hosts(deployment, "heavy"))
    deployment.up("--scale", "heavy=1")
    eventually(lambda: heavy_workers(client) == hosts(deployment, "heavy"), within_seconds=5)


def test_nginx_finds_a_gateway_that_was_not_there_when_it_started(changing, client):
    changing.up("--scale", "gateway=2")
    first, _ = changing.compose("ps", "--quiet", "gateway").split()
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
    run("docker", "volume", "rm", *(f"{deployment.name}_{name}" for name in SECRETS))
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
    deployment.follow(documented("sh", "rm */password"))
    assert not set(passwords.values()) & set(deployment.passwords().values())
    assert client.get(f"/calculations/{before['id']}").json() == before
    assert calculate(client, 1_000_003)["lane"] == "quick"
    overview = f"http://127.0.0.1:{deployment.management_port}/api/overview"
    assert httpx.get(overview, auth=broker_login(deployment)).status_code == 200
    assert httpx.get(overview, auth=old_login).status_code == 401
    assert {c["Id"] for c in deployment.containers("postgres", "rabbitmq")} == servers


def test_disk_is_given_back_as_documented(changing, client):
    before = calculate(client, 100_000)
    changing.follow(documented("sh", "VACUUM FULL"))
    assert client.get(f"/calculations/{before['id']}").json() == before


def test_rabbitmq_is_given_an_empty_volume_as_documented(changing, client):
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


def test_own_secret_files_can_be_brought_as_documented(built, tmp_path, monkeypatch):
    built.compose("down", "--volumes")
    files = {
        "postgres/password": "superuser's own\n",
        "database/password": "database's own\n",
        "broker/password": "brokers-own\n",
        "broker/login.conf": "default_user = reckoner\ndefault_pass = brokers-own\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    override = documented("yaml", "broker-secret:").replace("/srv/reckoner", str(tmp_path))
    (tmp_path / "own-secrets.yaml").write_text(override)
    with monkeypatch.context() as patch:
        patch.setattr(built, "files", [*built.files, str(tmp_path / "own-secrets.yaml")])
        built.up()
        with httpx.Client(base_url=built.url, timeout=90) as client:
            assert calculate(client, 100_000)["status"] == "succeeded"
        assert broker_login(built) == ("reckoner", "brokers-own")
        built.compose("down", "--volumes")
    assert {name: (tmp_path / name).read_text() for name in files} == files
