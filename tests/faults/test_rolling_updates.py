"""A rolling update of a package of functions, while work comes in and is done."""

import os
from collections.abc import Iterator
from uuid import UUID

import pytest

from tests.eventually import eventually
from tests.faults.load import quick_ones
from tests.faults.settings import POLL_SECONDS
from tests.plug_ins import install_plug_in

_EXTRA = "quick-2"

#: The name of each version's module differs, so that no process can import the other one's.
_SOURCE = """\
import time
from reckoner import Digits, function

@function(version={version}, lane="quick")
def rolled_quick(n: int) -> Digits:
    return f"{{n}}{version}"

@function(version={version})
def rolled_heavy(n: int) -> Digits:
    time.sleep(0.1)
    return f"{{n}}{version}"
"""


@pytest.fixture
def packages(stack) -> Iterator[dict[int, str]]:
    """Give the Python path of each version, and of none (0), to be had by the stack's processes."""
    plain = str(stack.folder / "functions")
    paths = {0: plain}
    for version in (1, 2):
        folder = stack.folder / f"rolled-{version}"
        module = f"rolled_{version}"
        install_plug_in(
            folder,
            "rolled",
            {name: f"{module}:{name}" for name in ("rolled_quick", "rolled_heavy")},
        )
        (folder / f"{module}.py").write_text(_SOURCE.format(version=version))
        paths[version] = os.pathsep.join((str(folder), plain))
    stack.add(_EXTRA, "workers quick")
    yield paths
    stack.supervisor.remove(_EXTRA)
    for name in ("gateway", "quick", "heavy-1", "heavy-2"):
        have(stack, name, plain)
    stack.wait_ready()


def have(stack, name: str, path: str) -> None:
    """Replace a process by one with the packages in this path."""
    stack.program(name).set_python_path(path)
    stack.supervisor.restart(name)


def submit(stack, version: int, *, first: int, quick: int, heavy: int) -> dict[UUID, str]:
    """Submit calculations of both functions; return the digits that each must have."""
    wanted = [("rolled_quick", n) for n in range(first, first + quick)]
    wanted += [("rolled_heavy", n) for n in range(first, first + heavy)]
    items = [{"function": function, "arguments": {"n": n}} for function, n in wanted]
    answer = stack.client.post(f"{stack.url}/calculations/batch", json={"calculations": items})
    assert answer.status_code == 202, answer.text
    assert answer.json()["accepted"] == len(items)
    ids = [UUID(item["id"]) for item in answer.json()["calculations"]]
    return {identity: f"{n}{version}" for identity, (_, n) in zip(ids, wanted, strict=True)}


def unfinished(stack, submitted: dict[UUID, str]) -> int:
    found: int = stack.scalar(
        "SELECT count(*) FROM calculations "
        "WHERE id = ANY (CAST(:ids AS uuid[])) AND status IN ('queued', 'running')",
        ids=[str(identity) for identity in submitted],
    )
    return found


def test_a_rolling_update_of_functions_fails_and_loses_nothing(stack, trial, packages):
    """Workers of both versions, and some without the package, under load."""
    with_old, bare = ("gateway", "quick", "heavy-1"), (_EXTRA, "heavy-2")
    for name in with_old:
        have(stack, name, packages[1])
    for name in bare:
        have(stack, name, packages[0])
    stack.wait_ready()

    submitted = submit(stack, 1, first=1_000, quick=300, heavy=10)
    eventually(lambda: stack.scalar("SELECT count(*) FROM handed_back"), what="something lacks it")
    for name in bare:  # workers of the new version beside those of the old one
        have(stack, name, packages[2])
    stack.wait_ready()
    submitted |= submit(stack, 1, first=2_000, quick=300, heavy=10)
    old = dict(submitted)
    have(stack, "gateway", packages[2])
    stack.wait_ready()
    submitted |= submit(stack, 2, first=1_000, quick=300, heavy=10)
    trial.load.submit(quick_ones(200))
    trial.hit("rolling update: a function's version is raised, worker by worker")

    eventually(lambda: unfinished(stack, old) == 0, within_seconds=120, what="the old version")
    for name in ("quick", "heavy-1"):
        have(stack, name, packages[2])
    stack.wait_ready()
    submitted |= submit(stack, 2, first=3_000, quick=100, heavy=4)
    trial.clock()
    # With all workers of one version nothing is handed back any more.
    trial.recovers(
        lambda: unfinished(stack, submitted) == 0,
        (10 + POLL_SECONDS, "the pause before the last try, 10 s + relay_poll"),
    )
    assert_all_are_right(stack, submitted)
    eventually(lambda: stack.scalar("SELECT count(*) FROM handed_back") == 0)
    trial.end()


def assert_all_are_right(stack, submitted: dict[UUID, str]) -> None:
    rows = stack.rows(
        "SELECT id, status, version, attempt - attempt_base AS attempts FROM calculations "
        "WHERE id = ANY (CAST(:ids AS uuid[]))",
        ids=[str(identity) for identity in submitted],
    )
    assert len(rows) == len(submitted)
    assert {row.status for row in rows} == {"succeeded"}
    assert {row.attempts for row in rows} == {1}, "being handed back has cost an attempt"
    assert {row.version for row in rows} == {1, 2}
    for identity, digits in submitted.items():
        path = f"{stack.url}/calculations/{identity}"
        assert stack.client.get(f"{path}/result").text == digits
