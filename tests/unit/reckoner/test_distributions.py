"""Two installed distributions that bring a package of the same name."""

import subprocess
import sys
from pathlib import Path

import pytest

from reckoner.distributions import find_clashes

ROOT = Path(__file__).parents[3]


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Installs a distribution with these files beside ours."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(name: str, files: str = "", top_level: str | None = None) -> None:
        folder = tmp_path / f"{name}-1.4.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.4\n")
        (folder / "RECORD").write_text(files)
        if top_level is not None:
            (folder / "top_level.txt").write_text(top_level)

    return install


def test_this_installation_has_no_clash_although_its_metadata_are_found_twice():
    """An editable installation, started in the folder of its sources, which has an egg-info."""
    assert list(find_clashes()) == []


@pytest.mark.parametrize(
    ("files", "top_level"),
    [
        ("shared/__init__.py,sha256=x,1\nacme-1.4.dist-info/RECORD,,\n", None),
        ("acme/__init__.py,,\nshared.py,sha256=x,1\n", None),
        ("__editable__.acme-1.4.pth,,\n", "acme\nshared\n"),
    ],
)
def test_another_distribution_with_a_package_of_ours_is_named(installed, files, top_level):
    installed("acme", files, top_level)
    [clash] = find_clashes()
    assert clash.startswith("The installed distribution acme 1.4 brings a package `shared`")
    assert "pip uninstall acme" in clash


def test_all_packages_of_one_distribution_are_named_in_one_sentence(installed):
    """As an older checkout leaves it, whose distribution was called reckoner."""
    installed("reckoner", top_level="gateway\nreckoner\nshared\nworkers\n")
    [clash] = find_clashes()
    assert "packages `gateway` and `reckoner` and `shared` and `workers`" in clash


@pytest.mark.parametrize("files", ["acme/shared/__init__.py,,\n", "shared_things/__init__.py,,\n"])
def test_a_package_of_another_name_is_no_clash(installed, files):
    installed("acme", files)
    assert list(find_clashes()) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "program", [("gateway",), ("gateway.relay",), ("workers", "quick"), ("workers", "heavy")]
)
def test_no_process_of_the_service_starts_beside_it(installed, tmp_path, program):
    installed("acme", "shared/__init__.py,,\n")
    ended = subprocess.run(
        [sys.executable, "-m", *program],
        cwd=ROOT,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    [sentence] = ended.stderr.splitlines()
    assert "acme 1.4 brings a package `shared`" in sentence
