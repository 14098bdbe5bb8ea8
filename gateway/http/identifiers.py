"""Calculation ids as clients write them."""

import re
from uuid import UUID

from shared.errors import CalculationNotFound

#: RFC 9562's text form; uuid.UUID alone would also take braces, `urn:` and no hyphens.
_FORM = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


def parse_calculation_id(written: str) -> UUID:
    """Return the id; raise CalculationNotFound for what cannot be one."""
    if not _FORM.fullmatch(written):
        raise CalculationNotFound(written)
    return UUID(written)
