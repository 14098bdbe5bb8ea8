"""The production shape, as `docker compose -f compose/compose.yaml up` makes it."""

import re
import subprocess
import sys

import httpx
import pytest

from shared.store.tables.schema import SCHEMA_REVISION
from tests.compose.conftest import ROOT, run
from tests.compose.inspection import (
    SERVICES,
    broker_login,
    calculate,
    heavy_workers,
    hosts,
    service_of,
)
from tests.eventually import eventually

pytestmark = pytest.mark.timeout(900)


def test_all_services_run_and_are_healthy(deployment):
    containers = deployment.containers()
    assert {service_of(container) for container in containers} == SERVICES
    assert {container["State"]["Health"]["Status"] for container in containers} == {"healthy"}


def test_alembics_own_command_works_in_the_image(deployment):
    shown = deployment.compose("run", "--rm", "-T", "migrate", "alembic", "current")
    assert f"{SCHEMA_REVISION} (head)" in shown


def test_the_end_to_end_tests_pass(changing, monkeypatch):
    """Their clients have no key."""
    monkeypatch.setitem(changing.environment, "RECKONER_KEYS", "off")
    changing.up()
    command = [sys.executable, "-m", "pytest", "tests/e2e", "-q", "--base-url", changing.url]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=800)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]


def test_every_container_is_restarted_and_its_log_is_bounded(deployment):
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


def test_when_memory_runs_out_the_calculation_dies_and_its_worker_reports_it(
    changing, client, monkeypatch
):
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


def test_queues_are_quorum_queues(deployment):
    answer = httpx.get(
        f"http://127.0.0.1:{deployment.management_port}/api/queues",
        auth=broker_login(deployment),
    )
    assert answer.status_code == 200, answer.text
    types = {queue["name"]: queue["type"] for queue in answer.json()}
    assert {"reckoner.quick", "reckoner.heavy"} <= types.keys()
    assert set(types.values()) == {"quorum"}


def test_administering_keys_touches_no_container(changing, monkeypatch):
    """Whatever has changed in the settings since they were started."""

    def started():
        return {one["Id"]: one["State"]["StartedAt"] for one in changing.containers("--all")}

    before = started()
    monkeypatch.setitem(changing.environment, "RECKONER_POSTGRES_MEMORY", "2g")
    assert "operator" in changing.compose("run", "--rm", "-T", "key", "list")
    assert started() == before


def test_the_page_of_the_api_has_its_viewer(deployment):
    answer = httpx.get(f"{deployment.url}/docs")
    assert answer.status_code == 200
    assert "no-cache" in answer.headers["Cache-Control"]
    [script] = re.findall(r'src="(/docs/swagger-ui-bundle-[^"]+)"', answer.text)
    found = httpx.get(deployment.url + script)
    assert found.status_code == 200
    assert len(found.content) > 1_000_000
    assert "immutable" in found.headers["Cache-Control"]
    described = httpx.get(f"{deployment.url}/openapi.json").json()
    assert described["openapi"].startswith("3.1.")


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
