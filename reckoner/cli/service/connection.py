"""A client for the service that a command uses. Loaded late: `--help` needs none."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reckoner.cli.exit_status import refuse
from reckoner.cli.service.settings import read_settings

if TYPE_CHECKING:
    from reckoner.client import Client

#: Somebody waits at the terminal, so what cannot be reached is said soon.
_ATTEMPTS, _SECONDS = 4, 4.0

#: A calculation that was accepted goes on while the gateway is away, and so does who waits for it.
_PATIENT_ATTEMPTS, _PATIENT_SECONDS = 1_000, 300.0


@contextmanager
def connected(url: str | None, *, is_patient: bool = False) -> Iterator["Client"]:
    """Give a client, and raise CommandFailed in place of its errors.

    A patient one repeats requests for minutes while there is no answer.
    """
    _keep_light()
    from reckoner.cli.service.problems import problems_described
    from reckoner.client import Client, Retries

    settings = read_settings(url)
    retries = (
        Retries(attempts=_PATIENT_ATTEMPTS, seconds=_PATIENT_SECONDS)
        if is_patient
        else Retries(attempts=_ATTEMPTS, seconds=_SECONDS)
    )
    try:
        client = Client(settings.url, settings.key, retries=retries)
    except ValueError as error:
        refuse(f"{error} It is of --url, RECKONER_URL, RECKONER_KEY or RECKONER_KEY_FILE.")
    with problems_described(), client:
        yield client


def _keep_light() -> None:
    """Let httpx be imported without its own command, which brings all of rich: 30 ms."""
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
