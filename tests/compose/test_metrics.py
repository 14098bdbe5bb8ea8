"""Prometheus by `--profile metrics`: it scrapes the gateways with its key, and has the rules."""

import os
import shlex
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import httpx
import pytest

from compose.services import free_port
from tests.compose.conftest import ROOT, Deployment, run
from tests.compose.inspection import documented
from tests.eventually import eventually

pytestmark = pytest.mark.timeout(900)


class Monitored(NamedTuple):
    """The deployment with Prometheus, and a client of Prometheus."""

    deployment: Deployment
    prometheus: httpx.Client

    def targets(self) -> dict[str, Any]:
        """Return the targets by job."""
        found = self.prometheus.get("/api/v1/targets").json()["data"]["activeTargets"]
        return {target["labels"]["job"]: target for target in found}

    def value(self, expression: str) -> float | None:
        found = self.prometheus.get("/api/v1/query", params={"query": expression}).json()
        results = found["data"]["result"]
        return float(results[0]["value"][1]) if results else None


@pytest.fixture(scope="module")
def monitored(built: Deployment) -> Iterator[Monitored]:
    port = free_port()
    added = {"RECKONER_PROMETHEUS_PORT": str(port), "COMPOSE_PROFILES": "metrics"}
    built.environment.update(added)
    try:
        built.up()
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield Monitored(built, client)
    finally:
        built.compose("rm", "--stop", "--force", "prometheus", "prometheus-key")
        for volume in ("prometheus", "prometheus-key"):
            run("docker", "volume", "rm", f"{built.name}_{volume}")
        for name in added:
            del built.environment[name]


def test_it_scrapes_a_gateway_and_rabbitmq(monitored):
    def all_are_up():
        targets = monitored.targets()
        assert {job: target["lastError"] for job, target in targets.items()} == {
            "reckoner": "",
            "rabbitmq": "",
        }
        return {target["health"] for target in targets.values()} == {"up"}

    eventually(all_are_up, within_seconds=60)
    eventually(lambda: monitored.value("reckoner_database_up") == 1)
    assert monitored.value('reckoner_workers{lane="heavy"}') == 1


def test_it_knows_every_alert_and_none_fires(monitored):
    groups = monitored.prometheus.get("/api/v1/rules").json()["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    files = ROOT.glob("compose/prometheus/rules/*.yml")
    written = sum(path.read_text().count("- alert:") for path in files)
    assert sum(rule["type"] == "alerting" for rule in rules) == written
    eventually(lambda: monitored.value("reckoner_relays") == 1, within_seconds=60)
    assert [rule["name"] for rule in rules if rule.get("state") == "firing"] == []


def test_it_is_as_closed_as_the_others(monitored):
    containers = monitored.deployment.containers("--all", "prometheus", "prometheus-key")
    for container in containers:
        host = container["HostConfig"]
        assert host["ReadonlyRootfs"]
        assert host["CapDrop"] == ["ALL"]
        assert "no-new-privileges:true" in host["SecurityOpt"]
        assert 0 < host["Memory"] <= 512 * 2**20
    [prometheus] = monitored.deployment.containers("prometheus")
    _, process = run("docker", "top", prometheus["Id"], "-eo", "pid,uid").splitlines()
    assert process.split()[1] == "65534"
    [binding] = prometheus["NetworkSettings"]["Ports"]["9090/tcp"]
    assert binding["HostIp"] == "127.0.0.1"


def test_its_key_may_do_nothing_but_look(monitored):
    show = ("exec", "-T", "prometheus", "cat", "/run/secrets/prometheus/key")
    key = monitored.deployment.compose(*show)
    headers = {"Authorization": f"Bearer {key.strip()}"}
    url = monitored.deployment.url
    assert httpx.get(f"{url}/system", headers=headers).status_code == 200
    assert httpx.get(f"{url}/calculations", headers=headers).status_code == 403
    body = {"function": "fibonacci", "arguments": {"n": 10}}
    answer = httpx.post(f"{url}/calculations", json=body, headers=headers)
    assert answer.status_code == 403


def test_an_upgrade_leaves_it_and_has_it_read_its_rules_again(monitored):
    [before] = monitored.deployment.containers("prometheus")
    loaded = "prometheus_config_last_reload_success_timestamp_seconds"

    def read_at() -> float:
        text = monitored.prometheus.get("/metrics").text
        [line] = [line for line in text.splitlines() if line.startswith(loaded)]
        return float(line.split()[1])

    read_before = read_at()
    done = monitored.deployment.upgrade("--no-build")
    assert done.returncode == 0, done.stdout + done.stderr
    eventually(lambda: read_at() > read_before)
    [after] = monitored.deployment.containers("prometheus")
    assert after["State"]["StartedAt"] == before["State"]["StartedAt"]


def test_it_gets_another_key_as_documented(monitored):
    compose = monitored.deployment.compose

    def scraped_since(moment: float) -> bool:
        target = monitored.targets()["reckoner"]
        scraped = datetime.fromisoformat(target["lastScrape"][:19] + "+00:00").timestamp()
        return scraped > moment and target["health"] == "up"

    for command in documented("sh", "key revoke prometheus").splitlines():
        compose(*shlex.split(command)[4:])
    changed = time.time()
    eventually(lambda: scraped_since(changed), within_seconds=60)


def test_postgresqls_exporter_can_be_added_as_documented(built, tmp_path):
    override = tmp_path / "own-exporter.yaml"
    override.write_text(documented("yaml", "postgres-exporter:\n"))
    run(
        *("docker", "compose", "--env-file", os.devnull, "-f", "compose/compose.yaml"),
        *("-f", str(override), "--profile", "metrics", "config", "--quiet"),
        env=built.environment,
    )
