"""Settings that contradict each other, and texts that are none of those allowed."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from shared.config.ip_addresses import is_loopback

_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_LOG_FORMATS = ("auto", "json", "text")


def contradictions(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each, ignoring values that are missing."""

    def number(name: str) -> float:
        value = values[name]
        return math.nan if value is None else value  # every comparison with nan is false

    if number("lease_seconds") < 3 * number("heartbeat_seconds"):
        yield "RECKONER_LEASE_SECONDS must be at least 3 × RECKONER_HEARTBEAT_SECONDS."
    if number("inline_seconds") > number("quick_seconds"):
        yield "RECKONER_INLINE_SECONDS must not exceed RECKONER_QUICK_SECONDS."
    if number("quick_prefetch") < number("quick_threads"):
        yield "RECKONER_QUICK_PREFETCH must be at least RECKONER_QUICK_THREADS."
    if values["keys"] not in ("on", "off", None):
        yield f"RECKONER_KEYS must be on or off; it is {values['keys']!r:.40}."
    if values["keys"] == "off" and not is_loopback(values["address"] or "127.0.0.1"):
        yield (
            f"RECKONER_ADDRESS={values['address']!s:.80} opens the service to other machines, and "
            "RECKONER_KEYS=off lets each of them do everything. Set RECKONER_KEYS=on, or leave "
            "RECKONER_ADDRESS out."
        )
    if values["log_level"] not in (*_LOG_LEVELS, None):
        yield f"RECKONER_LOG_LEVEL must be one of {', '.join(_LOG_LEVELS)}."
    if values["log_format"] not in (*_LOG_FORMATS, None):
        yield f"RECKONER_LOG_FORMAT must be one of {', '.join(_LOG_FORMATS)}."
