"""A deployment's services, calculations and logins, and the documented commands, for its tests."""

import re
from typing import Any

import httpx

from tests.compose.conftest import ROOT, Deployment

SERVICES = {"nginx", "gateway", "relay", "quick", "heavy", "postgres", "rabbitmq"}
THAT_END = {"secrets", "roles", "migrate", "operator"}
DATA = {"postgres", "rabbitmq"}
PASSWORDS = {
    *("postgres-secret", "database-secret", "app-secret", "keys-secret"),
    *("broker-secret", "broker-admin-secret"),
}
SECRETS = PASSWORDS | {"broker-definitions", "operator-key"}


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
    return "admin", deployment.shown(documented("sh", "cat broker-admin/password"))


def documented(kind: str, containing: str) -> str:
    """Return the one code block of the how-to pages that contains a text, in whole lines."""
    text = "\n".join(page.read_text() for page in sorted(ROOT.glob("docs/how-to/*.md")))
    [block] = [b for b in re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL) if containing in b]
    return str(block).replace("\\\n", "")
