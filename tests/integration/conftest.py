"""What tests of several processes share."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from compose.services import Nginx, free_port


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Callable[..., Nginx]]:
    """Yield what starts an NGINX before one gateway or several, and stops it in the end.

    `locations` are written into its configuration.
    """
    started: list[Nginx] = []

    def start(*gateways: str, locations: str = "", **options: Any) -> Nginx:
        folder = tmp_path / f"nginx-{len(started)}"
        server = Nginx(folder, free_port(), ",".join(gateways), **options)
        server.prepare()
        # One process: another would not know at once what the first has just stored.
        main = folder / "nginx.conf"
        main.write_text(main.read_text().replace("worker_processes auto;", "worker_processes 1;"))
        configuration = folder / "reckoner.conf"
        text = configuration.read_text()
        configuration.write_text(
            text.replace("    location / {", f"{locations}\n    location / {{")
        )
        server.start()
        started.append(server)
        server.wait_ready()
        return server

    yield start
    for server in started:
        server.stop()
