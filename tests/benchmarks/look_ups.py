"""Look-ups of finished calculations per second: from NGINX's cache, and from PostgreSQL.

From the cache without a key and with one, each beside a file that is requested with the same
headers.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from compose.services import Nginx, free_port
from shared.keys.api_key import KeyLimits
from shared.keys.credential import new_credential
from shared.keys.scope import Scope
from shared.store.keys.administration import insert_key
from tests.benchmarks import flask_server
from tests.benchmarks.closed_loop import run_wrk
from tests.benchmarks.figures import Effort, interleaved
from tests.benchmarks.file_server import file_server
from tests.benchmarks.open_loop import MOST_PER_SECOND, measure, offer
from tests.benchmarks.reckoner import Reckoner, reckoner
from tests.benchmarks.request_template import RequestTemplate
from tests.benchmarks.servers import Servers
from tests.eventually import eventually

_N = 1_000
_COLD_IDS = 200_000

#: Any preference has the gateway answer, not NGINX's cache; this one changes nothing else.
_PAST_THE_CACHE = {"Prefer": "wait=0"}

_COPY = """
    INSERT INTO calculations (id, {columns})
    SELECT gen_random_uuid(), {columns} FROM calculations, generate_series(1, {count})
    RETURNING id"""


def measure_look_ups(servers: Servers, effort: Effort) -> dict[str, Any]:
    """Measure the cache beside a file of the same bytes and beside Flask, then PostgreSQL."""
    with reckoner(servers, quick=0) as running:
        path = _submit(running.url)
        ratios = _beside_others(servers, running, path, effort)
        cached, _ = measure(running.url, RequestTemplate(path), effort, threads=2)
        _tell("cached", cached)
        stored, _ = measure(running.url, RequestTemplate(path, headers=_PAST_THE_CACHE), effort)
        _tell("from PostgreSQL", stored)
        ids = running.folder / "ids"
        count = _copy_finished(running, effort.count(_COLD_IDS), ids)
        cold, left = measure(
            running.url, RequestTemplate("/calculations/{value}", values_file=str(ids)), effort
        )
        _tell("each for the first time", cold)
    return {
        **ratios,
        "cached": cached,
        "postgresql": stored,
        "cold": {**cold, "ids": count, "ids_ran_out": left.first > count},
    }


def _submit(url: str) -> str:
    """Have one small number computed; return the path of its document."""
    body = {"function": "fibonacci", "arguments": {"n": _N}}
    answer = httpx.post(f"{url}/calculations", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["links"]["self"])


def _beside_others(
    servers: Servers, running: Reckoner, path: str, effort: Effort
) -> dict[str, Any]:
    """Measure in turn, as only figures from the same minutes make a fair ratio."""
    folder = servers.folder / "files"
    key = _put_key(running)
    with (
        file_server(folder) as files,
        flask_server.flask_server(servers) as flask,
        _with_keys(running) as keyed,
    ):
        eventually(lambda: httpx.get(keyed.url + path, headers=key).status_code == 200)
        file = folder / "files" / "document"
        file.write_bytes(httpx.get(running.url + path).content)
        template = {
            "cached": (running.url, RequestTemplate(path)),
            "file": (files.url, RequestTemplate("/files/document")),
            "cached_with_key": (keyed.url, RequestTemplate(path, headers=key)),
            "file_with_key": (files.url, RequestTemplate("/files/document", headers=key)),
            "flask": (flask.url, flask_server.LOOK_UP),
        }

        def rate(name: str) -> float:
            url, what = template[name]
            found = run_wrk(url, what, effort.seconds, threads=2)
            assert not found.errors, (name, found.errors)
            return found.requests_per_second

        rates = interleaved({name: partial(rate, name) for name in template}, effort.rounds)
        generator = offer(
            files.url, RequestTemplate("/files/document"), MOST_PER_SECOND, effort.seconds
        )
        medians = {name: found["median"] for name, found in rates.items()}
        print(f"requests: look-ups/s: {json.dumps(medians)}", flush=True)
        return {
            "beside_others": rates,
            "cached_to_file": medians["cached"] / medians["file"],
            "cached_to_file_with_key": medians["cached_with_key"] / medians["file_with_key"],
            "cached_to_flask": medians["cached"] / medians["flask"],
            "document_bytes": file.stat().st_size,
            "generator_at_its_most": generator,
        }


def _put_key(running: Reckoner) -> dict[str, str]:
    """Insert a key that may read; return the header with it."""
    key = new_credential()
    with running.database.begin() as connection:
        insert_key(
            connection,
            key,
            name="benchmark",
            scopes=[Scope.READ],
            expires_seconds=None,
            limits=KeyLimits(),
        )
    return {"Authorization": f"Bearer {key.text}"}


@contextmanager
def _with_keys(running: Reckoner) -> Iterator[Nginx]:
    """Yield an NGINX before one more gateway, for which keys are on."""
    gateway = running.add_gateway("gateway-with-keys", keys="on")
    nginx = Nginx(running.folder / "nginx-with-keys", free_port(), gateway)
    nginx.prepare()
    nginx.start()
    try:
        nginx.wait_ready()
        yield nginx
    finally:
        nginx.stop()


def _copy_finished(running: Reckoner, count: int, ids: Path) -> int:
    """Copy the finished calculation this many times; write the ids to a file."""
    with running.database.connect() as connection:
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        columns = connection.exec_driver_sql(
            "SELECT string_agg(quote_ident(attname::text), ', ') FROM pg_attribute "
            "WHERE attrelid = 'calculations'::regclass AND attnum > 0 AND attname <> 'id' "
            "AND NOT attisdropped"
        ).scalar_one()
        rows = connection.exec_driver_sql(_COPY.format(columns=columns, count=count))
        ids.write_text("\n".join(str(row.id) for row in rows) + "\n")
        # What a copied row leaves to do, now and not while it is measured.
        connection.exec_driver_sql("VACUUM ANALYZE calculations")
    return count


def _tell(what: str, found: dict[str, Any]) -> None:
    print(f"requests: look-ups, {what}: {found['per_second']['median']:,.0f}/s", flush=True)
