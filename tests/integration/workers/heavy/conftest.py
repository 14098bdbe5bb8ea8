"""What tests of the heavy lane share: a worker in a thread, and what it works on."""

from collections import Counter

import pytest

from shared.calculation import Lane
from tests.faults.functions import install_test_functions
from tests.integration.lanes import Feed, WorkerThread
from tests.integration.workers.heavy.steps import Hold
from tests.misbehaving.digits import HOLDING_FILE


@pytest.fixture
def feed(settings, engine) -> Feed:
    return Feed(settings, engine)


@pytest.fixture
def hold(tmp_path, monkeypatch) -> Hold:
    """Holds the calculations of `wait_for_release`; to be named before the worker."""
    file = tmp_path / "held"
    file.touch()
    monkeypatch.setenv(HOLDING_FILE, str(file))
    return Hold(file)


@pytest.fixture
def installed_test_functions(tmp_path, monkeypatch) -> None:
    """Worker processes have the functions of the tests as well."""
    install_test_functions(tmp_path / "functions")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "functions"))


@pytest.fixture
def heavy_worker(settings):
    with WorkerThread(settings, Lane.HEAVY) as worker:
        yield worker


@pytest.fixture
def oom_kills(monkeypatch) -> Counter[str]:
    """The kernel's count of processes that it killed for lack of memory, as a test wants it."""
    count: Counter[str] = Counter()
    monkeypatch.setattr("workers.sandbox.outside.parent.count_oom_kills", lambda: count["kills"])
    monkeypatch.setattr("workers.heavy.attempt.RETRY_BACKOFF_SECONDS", 0.1)
    return count
