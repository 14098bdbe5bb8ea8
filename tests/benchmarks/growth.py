"""Suite 5: more workers, a long backlog, a large table, long results, and what they do to rates."""

from functools import partial
from typing import Any

import httpx

from tests.benchmarks import throughput
from tests.benchmarks.closed_loop import run_wrk
from tests.benchmarks.figures import Effort, spread
from tests.benchmarks.peers.reckoner_run import running_reckoner
from tests.benchmarks.peers.work import works
from tests.benchmarks.programs import peak_memory_bytes
from tests.benchmarks.reckoner import Reckoner, reckoner
from tests.benchmarks.request_template import RequestTemplate
from tests.benchmarks.servers import Servers
from tests.benchmarks.submissions import FIRST_QUEUED_N, single
from tests.eventually import eventually

_WORKERS = (1, 2, 4)
_CALCULATIONS = 20_000

_QUEUED = 1_000_000
_STORED = 10_000_000
_ROWS_PER_STATEMENT = 250_000

#: Numbers whose results have about 2, 20 and 200 million digits.
_SIZES = (10_000_000, 100_000_000, 1_000_000_000)

#: Digits as they are: compressed, they could not be counted on their way.
_PLAIN = {"Accept-Encoding": "identity"}

#: With any preference, NGINX passes the request to the gateway, which queries PostgreSQL.
_PAST_THE_CACHE = {"Prefer": "wait=0"}

_ADD_QUEUED = """
    INSERT INTO calculations (id, function, version, arguments, status, lane, estimate_seconds,
                              estimate_digits, estimate_bytes, request_id)
    SELECT gen_random_uuid(), 'fibonacci', 1, jsonb_build_object('n', k), 'queued', 'quick',
           0.0001, 1000, 30000000, 'growth'
    FROM generate_series(1, %s) AS k"""

_ADD_STORED = """
    INSERT INTO calculations (id, function, version, arguments, status, lane, estimate_seconds,
                              estimate_digits, estimate_bytes, request_id, progress, attempt,
                              created_at, published_at, started_at, finished_at, compute_seconds,
                              result_digits, result_sha256, result_head, result_tail, result_value)
    SELECT gen_random_uuid(), 'fibonacci', 1, jsonb_build_object('n', k), 'succeeded', 'quick',
           0.0001, 20, 30000000, 'growth', 1, 1, now() - interval '1 day', now() - interval '1 day',
           now() - interval '1 day', now() - interval '1 day', 0.0001, 20, repeat('a', 64),
           repeat('1', 20), repeat('1', 20), repeat('1', 20)
    FROM generate_series(1, %s) AS k"""


def run(servers: Servers, effort: Effort) -> dict[str, Any]:
    """Measure how rates and memory change with what there is."""
    return {
        "workers": _with_more_workers(servers, effort),
        "queued": _with_rows(servers, effort, effort.count(_QUEUED), _ADD_QUEUED),
        "stored": _with_rows(servers, effort, effort.count(_STORED), _ADD_STORED),
        "results": _with_long_results(servers, effort),
    }


def _with_more_workers(servers: Servers, effort: Effort) -> dict[str, Any]:
    rates: dict[str, list[float]] = {str(count): [] for count in _WORKERS}
    for _ in range(effort.rounds):
        for count in _WORKERS:
            with running_reckoner(servers, quick=count) as contender:
                rate, _ = throughput.measure(contender, works(effort.count(_CALCULATIONS)))
            rates[str(count)].append(rate)
            print(f"growth: {count} quick workers: {rate:,.0f}/s", flush=True)
    return {count: spread(found) for count, found in rates.items()}


def _with_rows(servers: Servers, effort: Effort, rows: int, statement: str) -> dict[str, Any]:
    """Measure submission and look-up before and after this many rows were added."""
    with reckoner(servers, quick=0) as running:
        path = _finished(running)
        first = FIRST_QUEUED_N
        before, first = _rates(running, path, first, effort)
        for start in range(0, rows, _ROWS_PER_STATEMENT):
            with running.database.begin() as connection:
                count = min(_ROWS_PER_STATEMENT, rows - start)
                connection.exec_driver_sql(statement, (count,))
        eventually(partial(_is_published, running), within_seconds=900, what="all published")
        with running.database.connect() as connection:
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.exec_driver_sql("VACUUM ANALYZE calculations")
            connection.exec_driver_sql("ANALYZE")
        after, _ = _rates(running, path, first, effort)
    kept = {name: after[name]["median"] / before[name]["median"] for name in before}
    print(f"growth: with {rows:,} rows more, of the rates are kept: {kept}", flush=True)
    return {"rows": rows, "before": before, "after": after, "kept": kept}


def _finished(running: Reckoner) -> str:
    body = {"function": "fibonacci", "arguments": {"n": 1_000}}
    answer = httpx.post(f"{running.url}/calculations", json=body).raise_for_status()
    return str(answer.json()["links"]["self"])


def _is_published(running: Reckoner) -> bool:
    return not running.scalar(
        "SELECT EXISTS (SELECT FROM calculations WHERE status = 'queued' AND published_at IS NULL)"
    )


def _rates(
    running: Reckoner, path: str, first: int, effort: Effort
) -> tuple[dict[str, dict[str, Any]], int]:
    rates: dict[str, list[float]] = {"submission": [], "look-up": []}
    template = single(first)
    look_up = RequestTemplate(path, headers=_PAST_THE_CACHE)
    for _ in range(effort.rounds):
        found = run_wrk(running.url, template, effort.seconds)
        template = template.after(found.sent)
        rates["submission"].append(found.requests_per_second)
        rates["look-up"].append(run_wrk(running.url, look_up, effort.seconds).requests_per_second)
    return {name: spread(found) for name, found in rates.items()}, template.first


def _with_long_results(servers: Servers, effort: Effort) -> dict[str, Any]:
    """Compute and download ever longer results; {n: the most memory that each program held}.

    The figures of a program are of all it has done so far.
    """
    found = {}
    with (
        reckoner(servers, quick=1, heavy=1) as running,
        httpx.Client(base_url=running.url, headers=_PLAIN, timeout=120) as client,
    ):
        for n in _SIZES[: 3 if effort.scale >= 1 else 1]:
            length = _compute_and_download(client, n)
            peaks = {
                name: peak_memory_bytes(process.pid)
                for name, process in running.programs.processes.items()
            }
            peaks["gateway"] = max(map(peak_memory_bytes, running.gateway_processes()))
            found[str(n)] = {"digits": length, "peak_bytes": peaks}
            print(f"growth: {length:,} digits, peaks in MB: ", end="")
            print({name: round(peak / 1e6) for name, peak in peaks.items()}, flush=True)
    return found


def _compute_and_download(client: httpx.Client, n: int) -> int:
    body = {"function": "fibonacci", "arguments": {"n": n}}
    document = client.post("/calculations", json=body, headers={"Prefer": "wait=60"}).json()
    while document["status"] != "succeeded":
        assert document["status"] in ("queued", "running"), document
        document = client.get(document["links"]["self"], headers={"Prefer": "wait=60"}).json()
    length = 0
    with client.stream("GET", document["result"]["href"]) as response:
        for piece in response.iter_raw(2**20):
            length += len(piece)
    assert length == document["result"]["digits"]
    return length
