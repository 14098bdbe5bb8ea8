"""An outage of PostgreSQL, as the gateway logs it and answers it: with 503."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from shared.errors import StoreUnavailable
from shared.postgres.outages import outages_raised

_logger = logging.getLogger(__name__)


@contextmanager
def outages_answered() -> Iterator[None]:
    """Log an outage or a conflict, and raise StoreUnavailable; a bug stays what it is."""
    try:
        with outages_raised():
            yield
    except StoreUnavailable as error:
        _logger.warning("PostgreSQL is not available: %s", error)
        raise
