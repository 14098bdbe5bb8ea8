"""Which tests run one after the other in the same of several processes (pytest-xdist).

A whole Reckoner takes seconds to start, in each process that has a test of it. So the tests that
share one go together, and otherwise those of a file.
"""

from xdist.scheduler import LoadFileScheduling

#: Folders whose tests share a Reckoner, each before the one above it.
_SHARED = ("tests/e2e/keys/", "tests/browser/console/", "tests/e2e/")

#: Folders below these that start another, with settings of their own, for one or two files.
_APART = ("tests/e2e/alerts/", "tests/e2e/description/", "tests/e2e/guides/")


class TogetherByReckoner(LoadFileScheduling):
    """Gives all tests of a Reckoner to one process."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def group_of(nodeid: str) -> str:
    """Return the folder or the file whose tests a test runs with."""
    if not nodeid.startswith(_APART):
        for folder in _SHARED:
            if nodeid.startswith(folder):
                return folder
    return nodeid.partition("::")[0]
