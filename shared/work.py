"""What a message asks for: the identity of one calculation. How it is written is messages.py's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Work:
    """One calculation to look at, and the request that asked for it."""

    calculation_id: UUID
    function: str
    function_version: int
    arguments: Mapping[str, Any]
    request_id: str | None
