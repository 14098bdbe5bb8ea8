"""Workers as processes, as they are in production."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from shared.calculation import Lane
from shared.config import Settings

_ROOT = Path(__file__).parents[2]


class WorkerProcess:
    """A worker as it is in production."""

    def __init__(self, settings: Settings, lane: Lane, log: Path, **environment: object) -> None:
        self.log = log
        self._command: Sequence[str] = (sys.executable, "-m", "workers", str(lane))
        self._environment = os.environ | {
            "RECKONER_DATABASE_URL": settings.database_url,
            "RECKONER_BROKER_URL": settings.broker_url,
            **{f"RECKONER_{name.upper()}": str(value) for name, value in environment.items()},
        }

    def __enter__(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, cwd=_ROOT, stderr=log
            )
        return self._process

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
