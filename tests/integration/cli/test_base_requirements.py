"""What an author needs is installed with the base requirements, without the service's own."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

#: Refuses to import what only the extra `server` installs, in this process and in those it starts.
_SITE_CUSTOMIZE = """
import importlib.abc, sys
SERVER = {"alembic", "dramatiq", "dynaconf", "falcon", "gunicorn", "httptools",
          "pika", "psycopg2", "sqlalchemy", "uvicorn", "uvicorn_worker", "uvloop"}
class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in SERVER:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
"""

_PACKAGE = """
from typing import Annotated
from reckoner import Ge, function
@function
def doubled(n: Annotated[int, Ge(1)]) -> dict[str, int]:
    return {"n": 2 * n}
@function(fresh=True)
def fresh(n: int) -> int:
    return n
"""


@pytest.fixture
def run(tmp_path):
    """Runs Python in a folder with a function, as if nothing of the service were installed."""
    (tmp_path / "site" / "sitecustomize.py").parent.mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(_SITE_CUSTOMIZE)
    (tmp_path / "mine.py").write_text(_PACKAGE)

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        environment = {
            "PYTHONPATH": str(tmp_path / "site"),
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path),
        }
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )

    assert "No module named 'sqlalchemy'" in run("-c", "import sqlalchemy").stderr
    return run


@pytest.mark.parametrize("name", ["doubled", "fresh"])
def test_check_function_works(run, name):
    done = run("-m", "reckoner.cli", "check-function", f"mine:{name}", '{"n": 4}')
    assert (done.returncode, done.stderr) == (0, "")
    assert '{"n":4}' in done.stdout


def test_an_authors_test_works(run):
    program = "from reckoner.testing import run; import mine; print(run(mine.doubled, n=4).value)"
    done = run("-c", program)
    assert (done.returncode, done.stdout) == (0, "{'n': 8}\n"), done.stderr


def test_new_function_works(run):
    assert run("-m", "reckoner.cli", "new-function", "squares").returncode == 0
