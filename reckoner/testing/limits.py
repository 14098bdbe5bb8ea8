"""The limits of a trial: what the function declares, and otherwise the service's defaults."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shared
from reckoner import Function

#: Read as a file: the package shared.config needs what only the service has.
_SETTINGS = Path(shared.__path__[0]) / "config" / "settings.toml"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one calculation may use."""

    memory_bytes: int
    seconds: float
    result_bytes: int


def limits_of(
    function: Function, memory_bytes: int | None = None, seconds: float | None = None
) -> Limits:
    """Return the smaller of what the function declares and what the service allows.

    The arguments stand for RECKONER_MEMORY_LIMIT_BYTES and RECKONER_TIME_LIMIT_SECONDS.
    """
    settings = default_settings()
    memory = settings["memory_limit_bytes"] if memory_bytes is None else memory_bytes
    time = float(settings["time_limit_seconds"]) if seconds is None else seconds
    return Limits(
        memory_bytes=min(memory, function.memory_bytes or memory),
        seconds=min(time, function.timeout_seconds or time),
        result_bytes=settings["max_result_bytes"],
    )


def default_settings() -> dict[str, Any]:
    """Return the settings that a service has unless it is told otherwise."""
    found: dict[str, Any] = tomllib.loads(_SETTINGS.read_text(encoding="utf-8"))["default"]
    return found
