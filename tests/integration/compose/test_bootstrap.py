"""`compose/bootstrap.sh` on a checkout that an earlier version has used."""

import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

BOOTSTRAP = Path(__file__).parents[3] / "compose" / "bootstrap.sh"


@pytest.fixture
def packages(tmp_path) -> Path:
    """The packages of a `.venv` in the folder: pip and the distribution's former name."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / ".venv"], check=True)
    [packages] = (tmp_path / ".venv").glob("lib/python*/site-packages")
    pip = Path(str(metadata.distribution("pip").locate_file("pip")))
    (packages / "pip").symlink_to(pip)
    for name in ("reckoner", "reckoner_stays"):
        record = packages / f"{name}-0.1.0.dist-info"
        record.mkdir()
        (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n")
        path_file = packages / f"__editable__.{name}-0.1.0.pth"
        path_file.write_text("/nowhere\n")
        files = (f"{record.name}/METADATA", f"{record.name}/RECORD", path_file.name)
        (record / "RECORD").write_text("".join(f"{file},,\n" for file in files))
    (tmp_path / "reckoner.egg-info").mkdir()
    (tmp_path / "reckoner.egg-info" / "PKG-INFO").write_text("Name: reckoner\nVersion: 0.1.0\n")
    return Path(packages)


@pytest.mark.parametrize(
    ("system", "mode", "browser", "is_installed"),
    [
        ("debian", "dev", None, True),
        ("debian", "mutants", None, True),
        ("debian", "up", None, False),
        ("debian", "dev", "google-chrome", False),
        ("ubuntu", "dev", None, False),  # which has no such package
    ],
)
def test_a_browser_is_installed_for_the_tests_where_it_is_a_package(
    tmp_path, system, mode, browser, is_installed
):
    release = tmp_path / "os-release"
    release.write_text(f"NAME=x\nID={system}\n")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("grep", "sed", browser):
        if name is not None:
            (programs / name).symlink_to(shutil.which(name) or "/bin/true")
    functions = re.findall(
        r"^(?:\w+\(\) \{[^\n]*\}|\w+\(\) \{\n.*?^\})\n",
        BOOTSTRAP.read_text(),
        re.MULTILINE | re.DOTALL,
    )
    program = f"{''.join(functions)}\nrequirements=requirements-{mode}.txt\nmissing_packages ''\n"
    environment = {"PATH": str(programs), "OS_RELEASE": str(release)}
    bash = shutil.which("bash")
    assert bash is not None
    done = subprocess.run([bash, "-c", program], env=environment, capture_output=True, text=True)
    assert "python3" in done.stdout.split()
    # With promtool, where there are tests.
    assert ("prometheus" in done.stdout.split()) is (mode != "up")
    assert ("chromium" in done.stdout.split()) is is_installed


@pytest.mark.slow
def test_the_former_name_of_the_distribution_is_removed_and_nothing_else(packages, tmp_path):
    functions = re.findall(
        r"^(?:die|quietly|remove_former_name)\(\) \{\n.*?^\}\n",
        BOOTSTRAP.read_text(),
        re.MULTILINE | re.DOTALL,
    )
    program = f"set -euo pipefail\n{''.join(functions)}\nremove_former_name\n"
    for _ in range(2):  # and does no harm when there is nothing to remove
        subprocess.run(["bash", "-c", program, "bootstrap"], cwd=tmp_path, check=True)
        left = {path.name for path in packages.glob("*reckoner*")}
        assert left == {"reckoner_stays-0.1.0.dist-info", "__editable__.reckoner_stays-0.1.0.pth"}
        assert not (tmp_path / "reckoner.egg-info").exists()
