"""The shape that Reckoner replaces, started as a contender: four sync processes, Celery, Redis.

It is behind the same NGINX as Reckoner. Gunicorn's authors want a proxy before sync processes: one
that holds an idle connection does nothing else.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx
from sqlalchemy import create_engine

from compose.services import Nginx, free_port
from compose.services.ports import answers
from tests.benchmarks.peers import lineup, table, work
from tests.benchmarks.programs import Programs
from tests.benchmarks.request_template import RequestTemplate
from tests.benchmarks.servers import Servers
from tests.eventually import eventually

_JSON = {"Content-Type": "application/json"}
_STORED_K = 1
_FIRST_K = 1_000
_N = 1_000

#: A look-up returns the digits of the same number as Reckoner's.
LOOK_UP = RequestTemplate("/calculations", "POST", f'{{"k":{_STORED_K},"n":{_N}}}', _JSON)


def submission(first: int = 0) -> RequestTemplate:
    """Return the submissions of calculations that are not there."""
    return RequestTemplate(
        "/calculations", "POST", f'{{"k":{{value}},"n":{_N}}}', _JSON, _FIRST_K + first
    )


class FlaskServer:
    """A running one, at `url`. It has one finished calculation for LOOK_UP."""

    def __init__(
        self, url: str, peer: lineup.Peer, programs: Programs, environment: Mapping[str, str]
    ) -> None:
        self.url = url
        self._peer = peer
        self._programs = programs
        self._environment = environment

    def start_worker(self) -> None:
        """Have the tasks computed."""
        self._programs.start_python(
            "celery", *self._peer.programs["celery"], environment=self._environment
        )


@contextmanager
def flask_server(servers: Servers) -> Iterator[FlaskServer]:
    """Run it on an empty database, without a worker as yet."""
    folder = servers.folder / f"flask-{free_port()}"
    folder.mkdir()
    port = free_port()
    peer = lineup.flask_celery(port)
    with servers.fresh_database() as database:
        environment = {
            "BENCHMARK_REDIS_URL": servers.start_redis(),
            "BENCHMARK_SQLALCHEMY_URL": database,
        }
        programs = Programs(folder)
        nginx = Nginx(folder / "nginx", free_port(), f"127.0.0.1:{port}")
        _fill(database)
        programs.start_python("gunicorn", *peer.programs["gunicorn"], environment=environment)
        nginx.prepare()
        nginx.start()
        try:
            eventually(lambda: answers(port, "127.0.0.1"), what=f"Flask; logs in {folder}")
            nginx.wait_ready()
            url = nginx.url
            # Its processes import for a while after the port is open.
            found = httpx.post(
                f"{url}/calculations", content=LOOK_UP.body, headers=_JSON, timeout=60
            )
            assert found.status_code == 200, found.text
            yield FlaskServer(url, peer, programs, environment)
            programs.check()
        finally:
            programs.stop()
            nginx.stop()


def _fill(database: str) -> None:
    engine = create_engine(database)
    with engine.begin() as connection:
        connection.exec_driver_sql(table.CREATE)
        connection.exec_driver_sql(
            "INSERT INTO calculations (k, n, status, digits) VALUES (%s, %s, 'succeeded', %s)",
            (_STORED_K, _N, work.digits(_N)),
        )
    engine.dispose()
