"""What `reckoner new-function` writes, from the installation to its own test."""

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from click.testing import CliRunner

from reckoner.cli.__main__ import reckoner
from shared.functions.registry import load_registry

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]


@pytest.fixture
def package(tmp_path, monkeypatch):
    """The folder that the command has written."""
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(reckoner, ["new-function", "sum_of_cubes"])
    assert done.exit_code == 0, done.output
    return tmp_path / "sum_of_cubes"


def test_it_passes_its_own_test_and_the_checks_of_ruff(package):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=package,
        capture_output=True,
        text=True,
    )
    assert "3 passed" in done.stdout, done.stdout + done.stderr
    ruff = Path(sys.executable).parent / "ruff"
    subprocess.run([ruff, "check", "--isolated", "."], cwd=package, check=True)
    subprocess.run([ruff, "format", "--isolated", "--check", "."], cwd=package, check=True)


def test_the_service_finds_its_function_once_it_is_installed(package, monkeypatch):
    """As `pip install -e` does: setuptools writes the metadata, and Python searches the folder."""
    program = "import setuptools; setuptools.setup()"
    subprocess.run([sys.executable, "-c", program, "-q", "egg_info"], cwd=package, check=True)
    monkeypatch.syspath_prepend(str(package))
    assert metadata.distribution("sum-of-cubes").requires == ["reckoner-service"]
    try:
        registry = load_registry()
    finally:
        sys.modules.pop("sum_of_cubes", None)
    assert registry.get("sum_of_cubes").version == 1
    assert list(registry.problems) == []
