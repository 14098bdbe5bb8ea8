"""A real Prometheus with the rules and the configuration of compose/prometheus, in a hurry."""

import re
import shutil
import subprocess
from pathlib import Path

import httpx

from compose.services import free_port
from tests.eventually import eventually

_SOURCE = Path(__file__).parents[3] / "compose/prometheus"


class Prometheus:
    """Scrapes a gateway twice a second; alerts fire once they have held for as long."""

    def __init__(self, folder: Path, gateway: str, key: str) -> None:
        self._folder = folder
        self._port = free_port()
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{self._port}", timeout=10)
        self._process: subprocess.Popen[bytes] | None = None
        # Without what the operator of this checkout has added: nobody is to be alarmed.
        shutil.copytree(_SOURCE, folder, ignore=shutil.ignore_patterns("own"))
        (folder / "own").mkdir()
        (folder / "key").write_text(f"{key}\n")
        self._change("prometheus.yml", r"_interval: 15s", "_interval: 500ms")
        self._change("prometheus.yml", r"gateway\.reckoner\.internal:8081", gateway)
        self._change("prometheus.yml", r"/run/secrets/prometheus/key", str(folder / "key"))
        # Of RabbitMQ here, this plug-in does not run.
        self._change("prometheus.yml", r"(?s)  - job_name: rabbitmq\n.*?\n\n", "")
        for rules in folder.glob("rules/*.yml"):
            self._change(f"rules/{rules.name}", r"(?m)^( {8}for): \w+$", r"\1: 500ms", at_least=0)

    def _change(self, name: str, pattern: str, new: str, *, at_least: int = 1) -> None:
        text, count = re.subn(pattern, new, (self._folder / name).read_text())
        assert count >= at_least, (name, pattern)
        (self._folder / name).write_text(text)

    def __enter__(self) -> "Prometheus":
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    "prometheus",
                    f"--config.file={self._folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={self._folder / 'data'}",
                    f"--web.listen-address=127.0.0.1:{self._port}",
                    "--scrape.discovery-reload-interval=100ms",  # else it begins after 5 s
                ],
                cwd=self._folder,
                stderr=log,
            )
        try:
            eventually(lambda: self.query("up == 1"), what=f"a scrape; see {self._folder}/log")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
        assert self._process is not None
        self._process.terminate()
        self._process.wait(30)

    def query(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """Return the series of an instant query, and their values; none until it answers."""
        try:
            answer = self._client.get("/api/v1/query", params={"query": expression})
        except httpx.TransportError:
            return []
        if answer.status_code == 503:  # it starts
            return []
        assert answer.status_code == 200, answer.text
        found = answer.json()["data"]["result"]
        return [(one["metric"], float(one["value"][1])) for one in found]

    def firing(self) -> set[str]:
        """Return the names of the alerts that fire now."""
        alerts = self._client.get("/api/v1/alerts").raise_for_status().json()["data"]["alerts"]
        return {one["labels"]["alertname"] for one in alerts if one["state"] == "firing"}

    def have_fired(self) -> set[str]:
        """Return the names of all alerts that fired at any time."""
        found = self.query(
            'count by (alertname) (count_over_time(ALERTS{alertstate="firing"}[1h]))'
        )
        return {labels["alertname"] for labels, _ in found}

    def annotations(self) -> list[dict[str, str]]:
        """Return the texts of the alerts that fire now."""
        alerts = self._client.get("/api/v1/alerts").raise_for_status().json()["data"]["alerts"]
        return [one["annotations"] for one in alerts if one["state"] == "firing"]
