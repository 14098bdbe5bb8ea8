"""The documented way of an author's function into the image: copy its folder, build."""

import json
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from reckoner.cli.__main__ import reckoner
from tests.compose.conftest import run
from tests.compose.sources import copy_sources

pytestmark = pytest.mark.timeout(900)

_BUILD_SECONDS = 600


@pytest.fixture
def sources(tmp_path: Path, monkeypatch) -> Path:
    """A copy of the sources, with what `reckoner new-function` writes in compose/functions."""
    copy_sources(tmp_path)
    monkeypatch.chdir(tmp_path / "compose/functions")
    assert CliRunner().invoke(reckoner, ["new-function", "sum_of_squares"]).exit_code == 0
    return tmp_path


@pytest.fixture
def image() -> Iterator[str]:
    name = f"reckoner-test-{uuid.uuid4().hex[:8]}"
    yield name
    subprocess.run(["docker", "image", "rm", "--force", name], capture_output=True)


def build(sources: Path, image: str) -> "subprocess.CompletedProcess[str]":
    command = ["docker", "build", "-f", f"{sources}/compose/Dockerfile", "-t", image, str(sources)]
    return subprocess.run(command, capture_output=True, text=True, timeout=_BUILD_SECONDS)


def test_a_function_in_compose_functions_is_in_the_image_and_runs_there(sources, image):
    built = build(sources, image)
    assert built.returncode == 0, built.stderr
    hardened = ("docker", "run", "--rm", "--read-only", "--tmpfs=/tmp", "--cap-drop=ALL")
    in_the_image = (*hardened, "--network=none", image)
    listed = run(*in_the_image, "python", "-c", _NAMES)
    assert json.loads(listed) == ["factorial", "fibonacci", "sum_of_squares"]
    shown = run(*in_the_image, "reckoner", "check-function", "sum_of_squares", '{"n": 3}')
    assert '{"n":3,"sum":14}' in shown


_NAMES = """
import json
from shared.functions.registry import load_registry
print(json.dumps([function.name for function in load_registry()]))
"""


def test_what_disagrees_with_the_locked_packages_ends_the_build_and_is_named(sources, image):
    """By the requirements.txt that may stand beside the packages."""
    (sources / "compose/functions/requirements.txt").write_text("click<8\n")
    built = build(sources, image)
    assert built.returncode != 0
    assert "click<8" in built.stderr
    assert "conflict" in built.stderr.lower()
