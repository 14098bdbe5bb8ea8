"""Installed functions that cannot be used are named in a sentence, and the others work."""

import json
import os
import subprocess
import sys

import httpx
import pytest

from compose.services import free_port
from shared.calculation import Lane
from tests.eventually import eventually
from tests.integration.gateway.server.running import running_gateway
from tests.integration.worker_processes import WorkerProcess
from tests.plug_ins import install_plug_in

#: By entry point: what the module contains, and what is said.
_FAULTY = {
    "raising": ("raise ImportError('no module named numpy')", "ImportError: no module named numpy"),
    "wrong_type": ("wrong_type = 5", "is of type int, and not a function"),
}


@pytest.fixture
def faulty(tmp_path, monkeypatch) -> None:
    """Processes have a package of which nothing can be used, beside the functions of their own."""
    folder = tmp_path / "packages"
    install_plug_in(folder, "faulty-package", {name: f"module_{name}:{name}" for name in _FAULTY})
    for name, (source, _) in _FAULTY.items():
        (folder / f"module_{name}.py").write_text(source)
    monkeypatch.setenv("PYTHONPATH", str(folder))


def lines_on_packages(log) -> list[str]:
    """Return what was logged of them, once all are there."""
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    found = [line for line in lines if "faulty-package" in line.get("message", "")]
    assert {line["level"] for line in found} <= {"ERROR"}
    return [line["message"] for line in found]


def assert_each_is_told_once(messages: list[str]) -> None:
    assert len(messages) == len(_FAULTY), messages
    for name, (_, words) in _FAULTY.items():
        (told,) = [message for message in messages if f"The function {name} of" in message]
        assert words in told


@pytest.mark.slow
def test_a_gateway_names_them_and_works(faulty, database_url, tmp_path):
    log = tmp_path / "log"
    with running_gateway(database_url, log=log, gateway_processes=2) as (_, port):
        client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30)
        catalogue = client.get("/functions").json()
        assert {"fibonacci", "factorial"} <= {one["name"] for one in catalogue["functions"]}
        problems = {one["entry_point"]: one for one in catalogue["problems"]}
        assert problems.keys() == _FAULTY.keys()
        for name, (_, words) in _FAULTY.items():
            assert problems[name]["package"] == "faulty-package"
            assert words in problems[name]["detail"]
        ready = eventually(lambda: httpx.get(f"http://127.0.0.1:{port}/health/ready"))
        assert ready.status_code == 200
        assert ready.json()["problems"] == catalogue["problems"]
        body = {"function": "fibonacci", "arguments": {"n": 10}}
        assert client.post("/calculations", json=body).status_code == 200
        # Both processes have loaded the functions: one of them told it.
        eventually(lambda: log.read_text().count("Booting worker") == 2)
    assert_each_is_told_once(lines_on_packages(log))
    assert "Traceback" not in log.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("lane", Lane)
def test_a_worker_names_them_and_works(faulty, settings, tmp_path, lane):
    log = tmp_path / "log"
    with WorkerProcess(settings, lane, log):
        eventually(lambda: '"message": "The worker is running"' in log.read_text())
    assert_each_is_told_once(lines_on_packages(log))


@pytest.mark.slow
@pytest.mark.parametrize("module", [("gateway",), ("workers", "quick"), ("workers", "heavy")])
def test_a_strict_process_does_not_start(faulty, settings, module):
    environment = {
        "RECKONER_DATABASE_URL": settings.database_url,
        "RECKONER_BROKER_URL": settings.broker_url,
        "RECKONER_GATEWAY_BIND": f"127.0.0.1:{free_port()}",
        "RECKONER_STRICT_FUNCTIONS": "true",
    }
    ended = subprocess.run(
        [sys.executable, "-m", *module],
        env=os.environ | environment,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2, ended.stderr
    assert "RECKONER_STRICT_FUNCTIONS is set" in ended.stderr
    assert "Traceback" not in ended.stderr
    for _, words in _FAULTY.values():
        assert words in ended.stderr
