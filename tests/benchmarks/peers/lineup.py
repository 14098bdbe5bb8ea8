"""How each peer is started: its processes, their options, and where its authors advise them."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_MODULES = "tests.benchmarks.peers"
_CORES = len(os.sched_getaffinity(0))

#: Concurrent clients of the peer that has no batches; each of them submits one at a time.
_POSTING_CLIENTS = 8

#: Tasks that a worker process of Procrastinate runs at once. 5 and 20 were no better here.
PROCRASTINATE_CONCURRENCY = 10

# Only warnings are logged, by all of them: two lines per task would be a peer's largest expense.


@dataclass(frozen=True)
class Peer:
    """A peer: its long-running programs, and the program that submits a file of works."""

    name: str
    programs: Mapping[str, Sequence[str]]
    submission: Callable[[Path], Sequence[str]]
    #: Rows appear when submitted; otherwise only when finished.
    inserts_first: bool = True
    needs_redis: bool = False
    http_port: int | None = None


def flask_celery(port: int) -> Peer:
    """The shape that Reckoner replaces: 4 sync gunicorn workers, Celery as it comes."""
    celery = ("-m", "celery", "-A", f"{_MODULES}.flask_celery:celery_app", "worker", "-l")
    gunicorn = ("-m", "gunicorn", "--workers", "4", "--worker-class", "sync", "--bind")
    return Peer(
        "flask_celery",
        {
            "gunicorn": (*gunicorn, f"127.0.0.1:{port}", f"{_MODULES}.flask_celery:flask_app"),
            # As many processes as cores, which is the default.
            "celery": (*celery, "warning"),
        },
        lambda path: post(f"http://127.0.0.1:{port}/calculations", _POSTING_CLIENTS, path),
        inserts_first=False,
        needs_redis=True,
        http_port=port,
    )


def celery_rabbitmq() -> Peer:
    """Celery on RabbitMQ, tuned for short tasks. More settings are in its module."""
    program = _celery_on_rabbitmq("celery_rabbitmq")
    return Peer("celery_rabbitmq", {"celery": program}, _submit("celery_rabbitmq"))


def celery_results() -> Peer:
    """The same with Celery's own result backend, and no table of ours."""
    return Peer(
        "celery_results",
        {"celery": _celery_on_rabbitmq("celery_results")},
        lambda path: (*_submit("celery_results")(path), "only-tasks"),
        inserts_first=False,
    )


def _celery_on_rabbitmq(module: str) -> Sequence[str]:
    worker = ("-m", "celery", "-A", f"{_MODULES}.{module}:app", "worker", "-l", "warning")
    # https://docs.celeryq.dev/en/stable/userguide/workers.html#concurrency: prefork, and "the
    # number of CPUs available on the machine".
    pool = ("--pool", "prefork", "--concurrency", str(_CORES))
    # https://www.cloudamqp.com/docs/celery.html: "This will decrease the message rates
    # substantially". It is RabbitMQ's hosts who say so, and it costs Celery nothing here.
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    return (*worker, *pool, *quiet)


def bare_dramatiq() -> Peer:
    """Dramatiq with its defaults, but for the threads."""
    # https://dramatiq.io/guide.html#workers: "as many processes as there are CPU cores on your
    # machine with 8 worker threads per process". Of 2, 4 and 8 threads, 4 took the least
    # processor time here: enough commits are on their way while one computes. Prefetching 64
    # messages (dramatiq_queue_prefetch) instead of the default, twice the threads, was no gain.
    options = ("--processes", str(_CORES), "--threads", "4")
    return Peer(
        "bare_dramatiq",
        {"dramatiq": ("-m", "dramatiq", *options, f"{_MODULES}.bare_dramatiq")},
        _submit("bare_dramatiq"),
    )


def with_procrastinate() -> Peer:
    """Procrastinate, a worker process for each core."""
    # docs/howto/concurrency.md in Procrastinate's repository: "launch multiple
    # workers, each using their own process", and in each several asynchronous tasks at once.
    app = ("-m", "procrastinate", "--app", f"{_MODULES}.with_procrastinate.app")
    options = ("--log-level", "warning", "worker", "--concurrency", str(PROCRASTINATE_CONCURRENCY))
    return Peer(
        "with_procrastinate",
        {f"worker-{number}": (*app, *options) for number in range(_CORES)},
        _submit("with_procrastinate"),
    )


def post(url: str, clients: int, path: Path) -> Sequence[str]:
    """Return the arguments for Python to post the lines of a file."""
    return ("-m", f"{_MODULES}.post", url, str(clients), str(path))


def _submit(module: str) -> Callable[[Path], Sequence[str]]:
    return lambda path: ("-m", f"{_MODULES}.submit", module, str(path))
