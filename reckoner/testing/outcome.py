"""What a trial comes to: a value, or why there is none."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import gmpy2

from reckoner.authoring.estimates import Estimate
from reckoner.authoring.faults import Fault
from reckoner.authoring.results.kinds import ResultKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of a function, with what the service would say of it.

    `data` is what clients download. `seconds` is the function's own time, and `peak_bytes` the most
    memory that its processes held. `estimate` is the author's, None without one; `check` is how the
    result was verified: "residue", "check", "recomputed" or None.
    """

    id: UUID
    arguments_text: str
    kind: ResultKind
    media_type: str
    data: bytes
    check: str | None
    seconds: float
    peak_bytes: int | None
    estimate: Estimate | None

    @property
    def text(self) -> str:
        """The result as text: digits, text, or canonical JSON. Raises TypeError for bytes."""
        if self.kind is ResultKind.BYTES:
            raise TypeError(f"The result is bytes ({self.media_type}); use `data`.")
        return self.data.decode("utf-8")

    @property
    def value(self) -> Any:
        """The result as Python has it: JSON parsed, digits and text as str, bytes as they are."""
        if self.kind is ResultKind.BYTES:
            return self.data
        return (
            json.loads(self.data, parse_int=_exact) if self.kind is ResultKind.JSON else self.text
        )


class Failed(AssertionError):
    """Raised when the calculation fails, in the words that a client would read.

    `reason` is the last part of the problem's type, such as "function-failed", and `details` what
    the function gave to CalculationFailed.
    """

    def __init__(self, reason: str, detail: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.details = dict(details or {})


class ArgumentsRefused(ValueError):
    """Raised when the arguments are not valid; `faults` says where (a JSON pointer) and what."""

    def __init__(self, faults: "tuple[Fault, ...]") -> None:
        super().__init__(" ".join(f"{pointer or '/'}: {detail}" for pointer, detail in faults))
        self.faults = faults


def _exact(digits: str) -> int:
    """Return an integer of any length; Python itself refuses more than 4,300 digits."""
    limit = sys.get_int_max_str_digits()
    return int(digits) if len(digits) <= limit or not limit else int(gmpy2.mpz(digits))
