"""A process of the service is closed to the other processes of its user."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.integration.compose.checkout import ordinary_user
from tests.integration.compose.virtual_environment import interpreter

ROOT = Path(__file__).parents[2]

#: By itself, since another user may not enter the folder of the tests.
CLOSING = (ROOT / "shared/closed_memory.py").read_text() + "\nclose_memory()\n"

HOLDING = "\nprint('ready', flush=True)\nimport sys\nsys.stdin.read()\n"

READING = """
import os, sys
for name in ("environ", "mem", "maps", "fd"):
    try:
        os.close(os.open(f"/proc/{sys.argv[1]}/{name}", os.O_RDONLY))
        print(name)
    except PermissionError:
        pass
"""


@pytest.fixture(scope="module")
def starting() -> Iterator[dict[str, Any]]:
    """How to start a process that is not root's."""
    with ordinary_user() as account:
        identity: dict[str, Any] = {}
        if account is not None:
            identity = {"user": account.uid, "group": account.gid, "extra_groups": []}
        yield {"executable": interpreter(account), "env": {"SECRET": "secret"}, **identity}


@contextmanager
def holding(starting: dict[str, Any], code: str) -> Iterator[int]:
    """Run a process with a secret in its environment."""
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(["python", "-c", code + HOLDING], **pipes, **starting) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"ready\n"
        yield holder.pid
        holder.terminate()


def readable_by_the_same_user(pid: int, starting: dict[str, Any]) -> list[str]:
    command = ["python", "-c", READING, str(pid)]
    return str(subprocess.check_output(command, text=True, **starting)).split()


def test_another_process_of_the_user_reads_neither_environment_nor_memory(starting):
    with holding(starting, CLOSING) as pid:
        assert readable_by_the_same_user(pid, starting) == []


def test_without_that_it_reads_all(starting):
    """Otherwise the test above says nothing."""
    with holding(starting, "") as pid:
        assert readable_by_the_same_user(pid, starting) == ["environ", "mem", "maps", "fd"]


def test_a_process_is_closed_once_it_has_read_its_settings():
    """As the kernel tells it itself: prctl(PR_GET_DUMPABLE)."""
    ask = "import ctypes; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    code = f"from shared.startup import load_settings_or_exit; load_settings_or_exit(); {ask}"
    assert subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True) == "0\n"


def test_the_program_of_a_calculation_is_open_to_its_worker():
    """Its worker reads of it what it uses, and it holds no secret."""
    ask = "import ctypes; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    code = (
        "import subprocess, sys; from shared.closed_memory import close_memory; close_memory(); "
        f"subprocess.run([sys.executable, '-c', {ask!r}])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True) == "1\n"
