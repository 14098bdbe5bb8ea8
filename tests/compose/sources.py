"""A copy of what the image is made of, to be changed by a test and built."""

import shutil
from pathlib import Path

from tests.compose.conftest import ROOT

_SOURCES = (
    *("gateway", "reckoner", "workers", "shared", "migrations"),
    *("compose/Dockerfile", "compose/functions", "compose/browser_packages", ".dockerignore"),
    *("requirements.txt", "setup.cfg", "pyproject.toml", "README.md", "LICENSE"),
)


def copy_sources(folder: Path) -> None:
    """Copy them into a new folder, without the functions that somebody may have added."""
    for name in _SOURCES:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if name == "compose/functions":
            target.mkdir()
            shutil.copy(ROOT / name / "README.md", target)
        elif (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target)
        else:
            shutil.copy(ROOT / name, target)
