"""Disks, as far as they can be seen, and what keeps stored results from filling them."""

import shutil
import tempfile
from collections.abc import Iterator

from reckoner.cli.operating.doctor.findings import Finding, fault, found, note, ok, warning
from reckoner.cli.operating.doctor.running import Installation
from reckoner.cli.output.quantities import bytes_text
from shared.diagnosis.storage import storage_problems
from shared.store.retention.state import measure_storage
from shared.store.server import read_server

_LEAST_FREE_BYTES = 10**9
_LEAST_FREE_SHARE = 0.05


def check_storage(installation: Installation) -> Iterator[Finding]:
    """Find how much is stored, and whether that has a limit."""
    settings = installation.settings
    with installation.engine.connect() as connection:
        size = read_server(connection).database_bytes
        stored = measure_storage(connection)
    yield ok(
        f"{stored.results:,} result(s) of {bytes_text(stored.bytes)} are stored; the database "
        f"takes {bytes_text(size)}."
    )
    yield from map(found, storage_problems(stored, settings.retention_bytes))
    if not (settings.retention_seconds or settings.retention_bytes):
        yield warning(
            "Results are kept for ever, until the disk is full.",
            "Set RECKONER_RETENTION_BYTES or RECKONER_RETENTION_SECONDS, or watch the disk and "
            "use `reckoner prune`.",
        )
    yield note(
        "How much PostgreSQL's and RabbitMQ's disks have free cannot be seen from here.",
        "Watch them: docs/how-to/monitoring.md.",
    )


def check_temporary_folder(_installation: Installation) -> Iterator[Finding]:
    """Find whether this machine has room for temporary files."""
    folder = tempfile.gettempdir()
    usage = shutil.disk_usage(folder)
    if usage.free < min(_LEAST_FREE_BYTES, _LEAST_FREE_SHARE * usage.total):
        yield fault(
            f"{folder} on this machine has {bytes_text(usage.free)} free.",
            "Make room, or set TMPDIR to a folder that has some.",
        )
    else:
        yield ok(f"{folder} on this machine has {bytes_text(usage.free)} free.")
