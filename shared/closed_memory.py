"""Closes a process to the other processes of its user (Linux).

By default the kernel lets each process of a user read the memory and the environment of the
others. Those of Reckoner hold passwords, and calculations run code of others as the same user. Root
may read them all the same, and so may the user whatever is in files (docs/explanation/security.md).
"""

import ctypes
import os

_PR_SET_DUMPABLE = 4  # linux/prctl.h


def close_memory() -> None:
    """Have the kernel refuse memory, environment and tracing of this process to others of its user.

    Its forks inherit this; a program that it executes does not. It writes no core dumps either.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl(PR_SET_DUMPABLE): {os.strerror(number)}")
