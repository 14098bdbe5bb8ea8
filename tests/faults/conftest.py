"""A stack that survives its faults from test to test, and a trial for each."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from compose.services import Postgres, free_port
from tests.faults.stack import Stack
from tests.faults.table import write_table
from tests.faults.transport import QuickToTell
from tests.faults.trial import Outcome, Trial

_outcomes = pytest.StashKey[list[Outcome]]()
_failed = pytest.StashKey[bool]()


def pytest_addoption(parser):
    parser.addoption(
        "--write-table",
        action="store_true",
        help="write what a run without a failure measured into docs/explanation/reliability.md",
    )


def pytest_configure(config):
    config.addinivalue_line("markers", "short: one of the faults that `make test` runs")
    config.stash[_outcomes] = []


def pytest_sessionfinish(session, exitstatus):
    if exitstatus == 0 and session.config.getoption("--write-table"):
        write_table(session.config.stash[_outcomes])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        item.stash[_failed] = True
    return report


class Stacks:
    """Keeps one stack running; a new one takes the place of one that a test left in ruins."""

    def __init__(self) -> None:
        self._stack: Stack | None = None
        self._folder = Path()

    def get(self) -> Stack:
        if self._stack is None:
            self._stack = self._start()
        return self._stack

    def _start(self) -> Stack:
        self._folder = Path(tempfile.mkdtemp(prefix="reckoner-faults-"))
        self._folder.chmod(0o755)  # PostgreSQL's own user has to get in
        ports = [free_port() for _ in range(7)]
        self._postgres = Postgres(self._folder / "postgres", ports[0])
        self._rabbitmq = QuickToTell(
            self._folder / "rabbitmq",
            ports[1],
            ports[2],
            epmd_port=ports[3],
            distribution_port=ports[4],
        )
        try:
            for server in (self._postgres, self._rabbitmq):
                server.prepare()
                server.start()
            self._postgres.wait_ready()
            self._rabbitmq.wait_ready()
            stack = Stack(self._folder, self._postgres, self._rabbitmq, ports[5:])
            return stack.__enter__()
        except BaseException:
            self._end_services()
            raise

    def end(self, *, keep_logs: bool = False) -> None:
        if self._stack is None:
            return
        self._stack.__exit__()
        self._stack = None
        self._end_services()
        if not keep_logs:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _end_services(self) -> None:
        self._rabbitmq.kill()
        self._postgres.kill()


@pytest.fixture(scope="session")
def stacks() -> Iterator[Stacks]:
    stacks = Stacks()
    yield stacks
    stacks.end()


@pytest.fixture
def stack(stacks, request) -> Iterator[Stack]:
    """The stack, with all its processes up."""
    stack = stacks.get()
    stack.wait_ready()
    yield stack
    if request.node.stash.get(_failed, False):
        stacks.end(keep_logs=True)


@pytest.fixture
def trial(stack, request) -> Iterator[Trial]:
    is_short = request.config.option.markexpr == "short"
    trial = Trial(stack, request.config.stash[_outcomes].append, is_short=is_short)
    yield trial
    trial.load.close()
