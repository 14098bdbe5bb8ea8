"""Which version of Reckoner this is, and of what it runs on."""

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from reckoner.distributions import OUR_DISTRIBUTION
from shared.store.tables.schema import SCHEMA_REVISION


class Build(NamedTuple):
    """The version of Reckoner, Python's, and the schema that it knows."""

    version: str
    python: str
    schema: str


@cache
def build() -> Build:
    """Return this one's."""
    return Build(_version(), platform.python_version(), SCHEMA_REVISION)


def _version() -> str:
    try:
        return version(OUR_DISTRIBUTION)
    except PackageNotFoundError:  # it runs from a checkout
        return "unknown"
