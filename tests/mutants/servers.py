"""One PostgreSQL and one RabbitMQ for many runs of pytest, each with databases of its own."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compose.services import Postgres, RabbitMQ, free_port


@contextmanager
def running_servers() -> Iterator[Path]:
    """Start both; give the file that `pytest --servers` takes; stop and delete them in the end."""
    folder = Path(tempfile.mkdtemp(prefix="reckoner-mutants-"))
    folder.chmod(0o755)  # PostgreSQL's own user has to get in
    postgres = Postgres(folder / "postgres", free_port())
    ports = {"port": free_port(), "management_port": free_port()}
    node = {"epmd_port": free_port(), "distribution_port": free_port()}
    rabbitmq = RabbitMQ(folder / "rabbitmq", **ports, **node)
    try:
        for server in (postgres, rabbitmq):
            server.prepare()
            server.start()
        for server in (postgres, rabbitmq):
            server.wait_ready()
        postgres.make_roles()
        file = folder / "servers.json"
        file.write_text(
            json.dumps(
                {
                    "postgres": {"folder": str(postgres.folder), "port": postgres.port},
                    "rabbitmq": {"folder": str(rabbitmq.folder), **ports, **node},
                }
            )
        )
        yield file
    finally:
        for server in (rabbitmq, postgres):
            server.remove()
        shutil.rmtree(folder, ignore_errors=True)
