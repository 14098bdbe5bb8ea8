"""Where other people's JavaScript is installed, if it is."""

import sys
from collections.abc import Collection
from pathlib import Path

#: Where compose/browser_packages/install.py installs, in `.venv` and in the image.
INSTALLED = Path(sys.prefix) / "share" / "reckoner" / "browser"


def find_browser_package(installed: Path, name: str, files: Collection[str]) -> Path | None:
    """Return the folder of a package; the newest, should a failure have left two.

    One that is being removed may lack files.
    """
    found = [
        marker
        for marker in sorted((installed / name).glob("*/installed.json"))
        if all((marker.parent / file).is_file() for file in files)
    ]
    return max(found, key=lambda marker: marker.stat().st_mtime).parent if found else None
