"""What `compose/bootstrap.sh up` makes, of packages that are installed here already."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from compose.services.programs import Account

#: The locked packages, and what else bootstrap.sh makes the environment from.
BUILT_FROM = ("requirements-up.txt", "setup.cfg", "pyproject.toml")


def make_virtual_environment(folder: Path, account: Account | None) -> None:
    """Make the .venv of a copy of the project in the folder, for a user."""
    environment = folder / ".venv"
    python = interpreter(account)
    subprocess.run([python, "-m", "venv", "--without-pip", environment], check=True)
    [packages] = environment.glob("lib/python*/site-packages")
    locked = re.findall(r"^([\w-]+)==", (folder / BUILT_FROM[0]).read_text(), re.MULTILINE)
    for name in (*locked, "reckoner-service"):
        _copy_distribution(name, packages)
    (packages / "reckoner.pth").write_text(f"{folder}\n")
    sums = subprocess.check_output(["cksum", *BUILT_FROM], cwd=folder)
    (environment / f"{BUILT_FROM[0]}.stamp").write_bytes(os.fsencode(folder) + b"\n" + sums)


def _copy_distribution(name: str, packages: Path) -> None:
    distribution = metadata.distribution(name)
    for file in distribution.files or ():
        # Not programs, and not how the tests' own environment finds Reckoner.
        if ".." not in file.parts and not file.name.startswith("__editable__"):
            source, target = Path(str(distribution.locate_file(file))), packages / file
            if source.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)


def interpreter(account: Account | None) -> Path:
    """Return a Python of this version that the user can run: root's may be in root's home."""
    version = ".".join(map(str, sys.version_info[:2]))
    here = Path(sys.executable).resolve()
    for python in (here, *(Path(f"{p}/bin/python{version}") for p in ("/usr", "/usr/local"))):
        if account is None or _can_run(account, python):
            return python
    raise AssertionError(f"no Python {version} that an ordinary user can run")


def _can_run(account: Account, python: Path) -> bool:
    test: Sequence[str | Path] = ["/usr/bin/test", "-x", python]
    return subprocess.run(test, user=account.uid, extra_groups=[]).returncode == 0
