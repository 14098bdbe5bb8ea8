"""Runs checks side by side, each for a few seconds at most: none waits for another that hangs."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from reckoner.cli.operating.doctor.findings import Finding, fault, warning
from shared.config import Settings
from shared.errors import BrokerUnavailable, StoreUnavailable
from shared.postgres.outages import brief, outages_raised

CHECK_SECONDS = 8.0

_SCHEMA_CODES = ("42P01", "42703")  # a table or a column is missing
_NO_PERMISSION = "42501"


@dataclass(frozen=True)
class Installation:
    """What is checked: the settings, PostgreSQL by their role, and the service's address."""

    settings: Settings
    engine: Engine
    url: str
    is_production: bool
    key: str | None = field(repr=False)


@dataclass(frozen=True)
class Check:
    """A check, and the heading under which its findings are shown."""

    area: str
    run: Callable[[Installation], Iterable[Finding]]


@dataclass(frozen=True)
class Examined:
    """The findings of one check."""

    area: str
    findings: Sequence[Finding]


def run_checks(
    checks: Sequence[Check], installation: Installation, seconds: float = CHECK_SECONDS
) -> list[Examined]:
    """Return what each check finds, in their order, after `seconds` at most."""
    found: list[list[Finding]] = [[] for _ in checks]
    # Threads that the end of the process does not wait for.
    threads = [
        threading.Thread(target=_run, args=(check, installation, findings), daemon=True)
        for check, findings in zip(checks, found, strict=True)
    ]
    for thread in threads:
        thread.start()
    until = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    late = fault(
        f"This check did not end within {seconds:g} s.",
        "See whether what it asks is overloaded, or whether a firewall drops packets.",
    )
    examined = []
    for check, findings, thread in zip(checks, found, threads, strict=True):
        is_late = thread.is_alive()  # asked first, so that nothing is missing from what has ended
        examined.append(Examined(check.area, [*findings, late] if is_late else findings))
    return examined


def _run(check: Check, installation: Installation, findings: list[Finding]) -> None:
    """Add what a check finds. What prevents it is a finding, and never an exception."""
    try:
        with outages_raised():
            for one in check.run(installation):
                findings.append(one)  # noqa: PERF402 (each is seen at once, should a later one hang)
    except StoreUnavailable:
        findings.append(warning("Not checked: PostgreSQL is not available.", "See above."))
    except BrokerUnavailable as error:
        findings.append(fault(str(error), "Then run this again."))
    except DBAPIError as error:
        findings.append(_refused(error, installation.settings.sqlalchemy_url.username))
    except Exception as error:  # a check must not keep others from being shown
        words = f"{type(error).__name__}: {error}"[:200]
        findings.append(fault(f"This check failed by a bug of its own: {words}", "Report it."))


def _refused(error: DBAPIError, role: str | None) -> Finding:
    code = getattr(error.orig, "pgcode", None)
    if code in _SCHEMA_CODES:
        return warning(
            "Not checked: the database does not have the schema of this version.",
            "Run `reckoner migrate`.",
        )
    if code == _NO_PERMISSION:
        return warning(
            f"Not checked: the role {role} may not read it ({brief(error)}).",
            "Run this with the role of the service, reckoner_app, or with the owner.",
        )
    return fault(f"PostgreSQL refuses a query: {brief(error)}.", "Report it.")
