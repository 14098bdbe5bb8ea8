"""Standard input, output and error, whatever a package has done to them when it was imported."""

import contextlib
import os
import sys

_STANDARD_ERROR = 2


def renew_standard_files() -> None:
    """Have Python's files be those of the descriptors 0, 1 and 2, which are open afterwards."""
    for file in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # it may be closed, or no file at all
            file.flush()
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= _STANDARD_ERROR:
        pass  # one that was closed, which would be the next pipe's
    os.close(descriptor)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - as long as the process
    sys.stdout = open(1, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = open(  # noqa: SIM115
        2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False
    )
