"""A process that offers requests at moments fixed beforehand, however slow the answers are.

`python -m tests.benchmarks.generator` reads its plan as JSON from its standard input and writes
what it saw as JSON to its standard output. A latency counts from the moment at which the request
was due, so that a stall of the server, or of this process, shows in all requests that it held up.
"""

import asyncio
import contextlib
import gc
import itertools
import json
import random
import sys
import time
from collections import Counter, deque
from collections.abc import Sequence
from typing import Any, cast

import uvloop

from tests.benchmarks.alarm import Alarm
from tests.benchmarks.http_answers import AnswerReader
from tests.benchmarks.request_template import RequestTemplate

_LEAD_SECONDS = 0.05

#: What falls due within this time is sent at one waking, or waking would be most of the work.
_PAUSE_SECONDS = 100e-6
_CONNECT_AT_ONCE = 100


def schedule(rate: float, seconds: float, arrivals: str, seed: int) -> list[float]:
    """Return when requests are due, in seconds from the start: evenly, or as Poisson's process."""
    if arrivals == "constant":
        return [number / rate for number in range(max(1, round(rate * seconds)))]
    assert arrivals == "poisson", arrivals
    chance = random.Random(seed)
    gaps = iter(lambda: chance.expovariate(rate), None)
    return list(itertools.takewhile(lambda moment: moment < seconds, itertools.accumulate(gaps)))


def tail_percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Return percentiles in milliseconds, the smallest values that the shares do not exceed."""
    ordered = sorted(seconds)
    if not ordered:
        return {}
    shares = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999, "max": 1.0}
    return {
        name: 1000 * ordered[max(0, -int(-share * len(ordered) // 1) - 1)]
        for name, share in shares.items()
    }


class Connection(asyncio.Protocol):
    """One connection that is kept, with at most one request under way."""

    def __init__(self, offering: "Offering") -> None:
        self._offering = offering
        self._reader = AnswerReader()
        self._transport: asyncio.WriteTransport | None = None
        self._due: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def send(self, request: bytes, due: float) -> None:
        assert self._transport is not None
        self._due = due
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        try:
            is_complete = self._reader.feed(data)
        except ValueError:
            self._transport.abort()
            return
        due = self._due
        if not is_complete or due is None:
            return
        self._due = None
        self._offering.answered(due, self._reader.status)
        if self._reader.closes:
            self._transport.close()
        else:
            self._offering.free(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (the protocol's)
        due, self._due = self._due, None
        self._offering.lost(self, due)


class Offering:
    """One run of a plan."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self._plan = plan
        self._idle: list[Connection] = []
        self._waiting: deque[tuple[bytes, float]] = deque()
        self._latencies: list[float] = []
        self._lateness: list[float] = []
        self._statuses: Counter[int] = Counter()
        self._errors: Counter[str] = Counter()
        self._waited = 0
        self._next = 0
        self._under_way: Counter[float] = Counter()
        self._last_answer = 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self._over = False

    async def run(self) -> dict[str, Any]:
        """Offer everything, wait a while for the last answers, and report."""
        plan = self._plan
        offsets = schedule(plan["rate"], plan["seconds"], plan["arrivals"], plan["seed"])
        rendered = RequestTemplate(**plan["template"]).rendered(f"{plan['host']}:{plan['port']}")
        self._requests = list(itertools.islice(rendered, len(offsets)))
        for start in range(0, plan["connections"], _CONNECT_AT_ONCE):
            count = min(_CONNECT_AT_ONCE, plan["connections"] - start)
            await asyncio.gather(*(self._connect() for _ in range(count)))
        gc.collect()
        gc.freeze()
        gc.disable()
        loop = asyncio.get_running_loop()
        self._done = loop.create_future()
        loop.set_exception_handler(self._on_exception)
        self._alarm = Alarm()
        began = time.monotonic() + _LEAD_SECONDS
        self._moments = [began + offset for offset in offsets]
        cpu_before = time.process_time()
        loop.add_reader(self._alarm.descriptor, self._send_due)
        self._alarm.set(began)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._done, plan["seconds"] + plan["grace_seconds"])
        self._over = True
        lasted = max(self._last_answer, began + plan["seconds"]) - began
        return self._report(lasted, time.process_time() - cpu_before)

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(
            lambda: Connection(self), self._plan["host"], self._plan["port"]
        )
        self.free(connection)

    def _send_due(self) -> None:
        moments, number = self._moments, self._next
        now = time.monotonic()
        while number < len(moments) and moments[number] <= now:
            due = moments[number]
            self._lateness.append(now - due)
            self._under_way[due] += 1
            if self._idle:
                self._idle.pop().send(self._requests[number], due)
            else:
                self._waited += 1
                self._waiting.append((self._requests[number], due))
            number += 1
            now = time.monotonic()
        self._next = number
        if number < len(moments):
            self._alarm.set(max(moments[number], now + _PAUSE_SECONDS))
        else:
            asyncio.get_running_loop().remove_reader(self._alarm.descriptor)

    def free(self, connection: Connection) -> None:
        """Give a connection the request that waited longest, or keep it for the next."""
        if self._waiting:
            connection.send(*self._waiting.popleft())
        else:
            self._idle.append(connection)

    def answered(self, due: float, status: int) -> None:
        """Note an answer; only right ones have a latency."""
        now = time.monotonic()
        self._statuses[status] += 1
        if status in self._plan["expected"]:
            self._latencies.append(now - due)
            self._last_answer = now
        else:
            self._errors[f"status {status}"] += 1
        self._end(due)

    def lost(self, connection: Connection, due: float | None) -> None:
        """Replace a connection that has ended, with a request under way or not."""
        if self._over:
            return
        if connection in self._idle:
            self._idle.remove(connection)
        if due is not None:
            self._errors["connection lost"] += 1
            self._end(due)
        task = asyncio.get_running_loop().create_task(self._reconnect())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reconnect(self) -> None:
        try:
            await self._connect()
        except OSError:
            self._errors["connection refused"] += 1

    def _end(self, due: float) -> None:
        self._under_way[due] -= 1
        if not self._under_way[due]:
            del self._under_way[due]
        if not self._under_way and self._next == len(self._moments) and not self._done.done():
            self._done.set_result(None)

    def _on_exception(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        # A fault of ours: no figures are better than wrong ones.
        if not self._done.done():
            self._done.set_exception(context.get("exception") or RuntimeError(context["message"]))

    def _report(self, lasted: float, cpu_seconds: float) -> dict[str, Any]:
        now = time.monotonic()
        # They took at least this long: leaving them out would flatter.
        unanswered = [now - due for due in self._under_way.elements()]
        if unanswered:
            self._errors["unanswered"] = len(unanswered)
        return {
            "offered_per_second": len(self._moments) / self._plan["seconds"],
            "achieved_per_second": len(self._latencies) / lasted,
            "requests": len(self._moments),
            "statuses": {str(status): count for status, count in self._statuses.items()},
            "errors": dict(self._errors),
            "latency_ms": tail_percentiles(self._latencies + unanswered),
            "send_lateness_ms": tail_percentiles(self._lateness),
            "waited_for_connection": self._waited,
            "generator_cpu": cpu_seconds / lasted,
        }


def main() -> None:
    """Do what standard input says."""
    plan = json.load(sys.stdin)
    json.dump(uvloop.run(Offering(plan).run()), sys.stdout)


if __name__ == "__main__":
    main()
