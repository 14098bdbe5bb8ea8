"""A Reckoner with keys on, and how its clients come to an answer."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import httpx
from sqlalchemy import Engine, create_engine

from shared.keys.scope import Scope
from tests.e2e.conftest import Stack
from tests.e2e.keys.api_keys import Keys, bearer, insert_key, insert_keys, revoke
from tests.e2e.keys.revocation import Revocation
from tests.e2e.keys.routes import Route
from tests.e2e.keys.terminator import NAME
from tests.e2e.numbers import fresh
from tests.eventually import eventually

_MODULES = ("gateway", "gateway.relay", "workers quick")  # what is heavy stays queued

#: Computed by a worker; its result has 4,180 digits, which NGINX caches.
FINISHED_N = 20_000

#: Much more than the tests queue.
MAX_QUEUED_SECONDS = 1e9


class Keyed(NamedTuple):
    """The stack, its keys, a calculation that is finished, and a key that is being revoked."""

    stack: Stack
    database: Engine
    keys: Keys
    finished: str
    revocation: Revocation
    #: Without headers of its own, for requests with any.
    anyone: httpx.Client

    @property
    def ways(self) -> tuple[str, str]:
        """Through NGINX, and past it."""
        return (self.stack.url, self.stack.gateway_url)

    def client(self, key: str = "operator") -> httpx.Client:
        """Return a client with this key, through NGINX."""
        headers = bearer(self.keys.texts[key])
        return httpx.Client(base_url=self.stack.url, headers=headers, timeout=30)

    def send(self, base_url: str, route: Route, authorization: str) -> httpx.Response:
        """Send a request; the header may hold any bytes."""
        headers = [(b"Authorization", authorization.encode("latin-1"))] if authorization else None
        url = base_url + route.path.replace("{id}", self.finished)
        with self.anyone.stream(route.method, url, headers=headers, json=route.body) as answer:
            if answer.headers.get("Content-Type") == "text/event-stream":
                next(answer.iter_raw(), b"")  # the stream of a list has no end
            else:
                answer.read()
        return answer

    def command(self, *arguments: str) -> str:
        """Run `reckoner key`; return the key that it shows, which no log may hold either."""
        url = self.database.url.render_as_string(hide_password=False)
        done = subprocess.run(
            [sys.executable, "-m", "reckoner.cli", "key", *arguments],
            env={**os.environ, "RECKONER_DATABASE_URL": url},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        key = done.stdout.strip()
        self.keys.secrets.append(key.rpartition("_")[2])
        return key

    def look_up(self, *keys: str) -> list[tuple[httpx.Response, dict[str, str]]]:
        """Get the finished calculation with each key; return answers and lines of NGINX's log."""
        answers = {}
        for key in keys:
            headers = {"X-Request-ID": (request_id := uuid4().hex), **bearer(self.keys.texts[key])}
            url = f"{self.stack.url}/calculations/{self.finished}"
            answers[request_id] = self.anyone.get(url, headers=headers)

        def find() -> dict[str, dict[str, str]]:
            lines = map(json.loads, self.stack.access_log.read_text().splitlines())
            found = {line["request_id"]: line for line in lines if line["request_id"] in answers}
            return found if len(found) == len(answers) else {}

        lines = eventually(find, what="the lines of the access log")
        return [(answer, lines[request_id]) for request_id, answer in answers.items()]


@contextmanager
def started(folder: Path, database_url: str, app_url: str, broker_url: str) -> Iterator[Keyed]:
    """Run a Reckoner with keys on for a while, whose processes may only use rows."""
    folder.mkdir()
    database = create_engine(database_url)
    keys = insert_keys(database)
    headers = bearer(keys.texts["operator"])
    with Stack(
        folder,
        database_url,
        broker_url,
        app_url=app_url,
        modules=_MODULES,
        headers=headers,
        keys="on",
        allowed_hosts=f"localhost,127.0.0.1,{NAME}",
        log_level="DEBUG",
        max_queued_seconds=str(MAX_QUEUED_SECONDS),
    ) as stack:
        with httpx.Client(base_url=stack.url, headers=headers, timeout=30) as client:
            finished = submit(client, FINISHED_N, Prefer="wait=20").json()["id"]
            revocation = _begin_revocation(stack, database, client)
        with httpx.Client(timeout=30) as anyone:
            yield Keyed(stack, database, keys, finished, revocation, anyone)
        revocation.close()
    database.dispose()


def _begin_revocation(stack: Stack, database: Engine, client: httpx.Client) -> Revocation:
    paths = [f"/calculations/{submit(client, n).json()['id']}" for n in range(1, 50)]
    waiting = submit(client, long()).headers["Location"]
    revocation = Revocation(stack.url, paths, waiting)
    header = bearer(insert_key(database, "leaving", [Scope.READ]))
    cookie = {"Cookie": begin_session(stack.url, header)}
    revocation.begin([header, cookie], lambda: revoke(database, "leaving"))
    return revocation


def submit(client: httpx.Client, n: int, **headers: str) -> httpx.Response:
    body = {"function": "fibonacci", "arguments": {"n": n}}
    return client.post("/calculations", json=body, headers=headers)


def submit_batch(client: httpx.Client, n: int) -> httpx.Response:
    one = {"function": "fibonacci", "arguments": {"n": n}}
    return client.post("/calculations/batch", json={"calculations": [one]})


def long() -> int:
    """Return a number for which there is no worker here."""
    return fresh(400_000_000, 499_000_000)


def begin_session(url: str, headers: dict[str, str]) -> str:
    """Begin a session; return its cookie as a browser sends it."""
    answer = httpx.post(f"{url}/session", headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.headers["Set-Cookie"].partition(";")[0]
