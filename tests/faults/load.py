"""Work for a stack under test, and what was accepted of it."""

import itertools
import time
from collections.abc import Sequence
from uuid import UUID

import httpx

from reckoner.canonical_json import canonical_json
from shared.calculation import Lane, Work, calculation_id
from shared.functions.registry import load_registry
from shared.messages import encode
from tests.faults.stack import Stack
from tests.faults.truth import Wanted

_BATCH = 500
_RETRY_SECONDS = 0.2
_GIVE_UP_SECONDS = 90.0

#: Among the digits, one in so many is JSON in the quick lane, bytes in the heavy one.
_OTHERS_EVERY = 4

_small = itertools.count(2_000)
_quick = itertools.count(100_000)
_heavy = itertools.count()
_long: set[int] = set()
_versions = {function.name: function.version for function in load_registry()}


def quick_ones(count: int) -> list[Wanted]:
    """Return calculations of the quick lane that nobody asked for yet: digits, and JSON."""
    numbers = itertools.islice(_quick, count)
    return [Wanted("fibonacci" if n % _OTHERS_EVERY else "members", n) for n in numbers]


def small_ones(count: int) -> list[Wanted]:
    """Return such of a few thousand digits."""
    return [Wanted("fibonacci", next(_small)) for _ in range(count)]


def heavy_ones(count: int) -> list[Wanted]:
    """Return such of the heavy lane: 1.7 million digits and more, every tenth 4 million; bytes."""
    return [_heavy_one(k) for k in itertools.islice(_heavy, count)]


def _heavy_one(k: int) -> Wanted:
    if k % _OTHERS_EVERY == 1:
        return Wanted("stripes", 2_000_000 + 997 * k)
    return Wanted("fibonacci", (20 if k % 10 == 9 else 8) * 10**6 + 997 * k)


def long_ones(count: int, tenths: int = 100) -> list[Wanted]:
    """Return some that run for tenths of a second, and hardly use the processor."""
    free = (n for n in itertools.count(tenths) if n not in _long)
    chosen = list(itertools.islice(free, count))
    _long.update(chosen)
    return [Wanted("slow", n) for n in chosen]


class Load:
    """Submits over HTTP, like a client that tries again until it has its answer."""

    def __init__(self, stack: Stack) -> None:
        self.accepted: dict[UUID, Wanted] = {}
        self._client = httpx.Client(base_url=stack.url, timeout=30)

    def close(self) -> None:
        self._client.close()

    def use(self, **headers: str) -> None:
        """Send these headers from now on."""
        self._client.headers.update(headers)

    def submit(self, *groups: Sequence[Wanted]) -> list[UUID]:
        """Have all of them accepted; return their ids in order."""
        everything = [wanted for group in groups for wanted in group]
        ids: list[UUID] = []
        for start in range(0, len(everything), _BATCH):
            ids += self._submit_batch(everything[start : start + _BATCH])
        return ids

    def submit_one(self, wanted: Wanted, **headers: str) -> httpx.Response:
        """Submit once; it counts as accepted if the answer says so."""
        answer = self._client.post(
            "/calculations", json=_members(wanted), headers={k: str(v) for k, v in headers.items()}
        )
        if answer.status_code in (200, 202):
            self.accepted[UUID(answer.json()["id"])] = wanted
        return answer

    def _submit_batch(self, batch: Sequence[Wanted]) -> list[UUID]:
        body = {"calculations": [_members(wanted) for wanted in batch]}
        give_up = time.monotonic() + _GIVE_UP_SECONDS
        while True:
            try:
                answer = self._client.post("/calculations/batch", json=body)
            except httpx.TransportError:
                status = 0
            else:
                status = answer.status_code
                if status == 202:
                    break
                assert status == 503, answer.text  # the only refusal that a fault may cause
            assert time.monotonic() < give_up, f"not accepted: {status}"
            time.sleep(_RETRY_SECONDS)
        ids = [UUID(item["id"]) for item in answer.json()["calculations"]]
        self.accepted |= dict(zip(ids, batch, strict=True))
        return ids

    def messages(self) -> list[tuple[Lane, bytes]]:
        """Return the messages that the relay publishes for all that was accepted."""
        return [self._message(identity, wanted) for identity, wanted in self.accepted.items()]

    def _message(self, identity: UUID, wanted: Wanted) -> tuple[Lane, bytes]:
        is_small = wanted.function == "fibonacci" and wanted.n < 1_000_000
        lane = Lane.QUICK if is_small or wanted.function == "members" else Lane.HEAVY
        version = _versions.get(wanted.function, 1)
        work = Work(identity, wanted.function, version, _arguments_text(wanted), "a-request")
        return lane, encode([work], lane)


def identity_of(wanted: Wanted) -> UUID:
    return calculation_id(
        wanted.function, _versions.get(wanted.function, 1), _arguments_text(wanted)
    )


def _arguments_text(wanted: Wanted) -> str:
    return canonical_json({"n": wanted.n})


def _members(wanted: Wanted) -> dict[str, object]:
    return {"function": wanted.function, "arguments": {"n": wanted.n}}
