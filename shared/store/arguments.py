"""The arguments of stored calculations: their canonical text, whatever version stored it.

Earlier versions stored JSON alone, of integers and text, whose canonical text can be made again.
PostgreSQL spells fractions in its own way, so of what this version stores the text is read.
"""

from collections.abc import Mapping
from typing import Any

from reckoner.canonical_json import canonical_json

#: The column `arguments` where it must be read; else NULL, so that they do not travel twice.
ARGUMENTS_OF_EARLIER_VERSIONS = "CASE WHEN arguments_text IS NULL THEN arguments END"


def arguments_text(stored: str | None, of_earlier_version: Mapping[str, Any] | None) -> str:
    """Return the canonical text of a row's arguments from what these two columns hold."""
    return canonical_json(of_earlier_version) if stored is None else stored
