"""A disk of their own for the chunks of results, that a test can fill to the brim.

A small file system in memory, where mounting one is allowed. Elsewhere a trigger raises what
PostgreSQL raises when the disk is full.
"""

import os
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import NullPool, create_engine

from compose.services.postgres_data import ADMIN, DATABASE
from tests.eventually import eventually
from tests.faults.stack import WORKERS, Stack

_SIZE_BYTES = 512 * 2**20
_BLOCK_BYTES = 2**16
_MESSAGE = "No space left on device"


class Disk(ABC):
    """Where the chunks of results are stored."""

    what: str

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    @abstractmethod
    def fill(self) -> None:
        """Leave no room."""

    @abstractmethod
    def free(self) -> None:
        """Make room again."""

    def refusals(self) -> int:
        """Count how often workers got the error that the disk is full."""
        logs = (self._stack.program(name).log.read_text() for name in WORKERS)
        return sum(log.count(_MESSAGE) for log in logs)


@contextmanager
def disk_for_digits(stack: Stack) -> Iterator[Disk]:
    """Have the chunks on a disk that can be filled."""
    folder = Path(tempfile.mkdtemp(prefix="reckoner-disk-"))
    kept = stack.scalar("SELECT pg_total_relation_size('result_chunks')")
    size = _SIZE_BYTES + kept
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0777", "tmpfs", str(folder)]
    try:
        if subprocess.run(mount, capture_output=True).returncode:
            disk: Disk = _Trigger(stack)
            yield disk
            disk.free()
            return
        try:
            _move(stack, folder)
            disk = _Tablespace(stack, folder)
            yield disk
            disk.free()
            _move_back(stack)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)
    finally:
        folder.rmdir()


class _Tablespace(Disk):
    """A tablespace on a file system that is filled by a large file."""

    what = "the disk of the results is full (ENOSPC)"

    def __init__(self, stack: Stack, folder: Path) -> None:
        super().__init__(stack)
        self._filler = folder / "filler"

    def fill(self) -> None:
        block = bytes(_BLOCK_BYTES)
        with suppress(OSError), self._filler.open("wb", buffering=0) as filler:
            while filler.write(block) == len(block):
                pass

    def free(self) -> None:
        self._filler.unlink(missing_ok=True)


def _move(stack: Stack, folder: Path) -> None:
    inner = folder / "digits"
    inner.mkdir()
    [[data]] = _as_superuser(stack, "SHOW data_directory")
    os.chown(inner, Path(data).stat().st_uid, -1)
    _as_superuser(stack, f"CREATE TABLESPACE digits LOCATION '{inner}'")
    _as_superuser(stack, "ALTER TABLE result_chunks SET TABLESPACE digits")


def _move_back(stack: Stack) -> None:
    _as_superuser(stack, "ALTER TABLE result_chunks SET TABLESPACE pg_default")
    _as_superuser(stack, "DROP TABLESPACE digits")


def _as_superuser(stack: Stack, statement: str) -> Sequence[Any]:
    url = stack.postgres.url_of(DATABASE, ADMIN)
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        result = connection.exec_driver_sql(statement)
        return result.all() if result.returns_rows else []


class _Trigger(Disk):
    """A trigger that raises SQLSTATE 53100."""

    what = "disk full (SQLSTATE 53100 from a trigger)"

    def fill(self) -> None:
        self._stack.execute(
            f"""CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                   RAISE EXCEPTION 'could not extend file: {_MESSAGE}'
                       USING ERRCODE = '53100';
               END $$"""
        )
        self._stack.execute(
            """CREATE TRIGGER full_disk BEFORE INSERT ON result_chunks
                   FOR EACH ROW EXECUTE FUNCTION refuse()"""
        )

    def free(self) -> None:
        eventually(self._drop, within_seconds=30)

    def _drop(self) -> bool:
        self._stack.execute("DROP TRIGGER IF EXISTS full_disk ON result_chunks")
        return True
