"""How each process of Reckoner starts, and how it is told to stop."""

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterable
from types import FrameType

from reckoner.distributions import exit_on_clash
from shared.closed_memory import close_memory
from shared.config import Settings, load_settings
from shared.crash_points import arm_from_environment
from shared.errors import SettingsInvalid
from shared.functions.registry import FunctionProblem
from shared.logs.set_up import log_what_ends_threads, set_up_logs

#: The exit status of a process that was started with wrong arguments or settings.
USAGE_STATUS = 2


#: What a process says that refuses to start because of a faulty function.
STRICT_REFUSAL = (
    "RECKONER_STRICT_FUNCTIONS is set, so this process does not start with functions that cannot "
    "be used. Correct or remove their packages; the log names them."
)

_logger = logging.getLogger(__name__)


def load_settings_or_exit() -> Settings:
    """Load the settings; if they are invalid, print each fault and exit with USAGE_STATUS.

    The process is closed to others of its user first, since the settings hold passwords.
    """
    close_memory()
    try:
        return load_settings()
    except SettingsInvalid as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(USAGE_STATUS)


def start_process(name: str, **always: object) -> Settings:
    """Load the settings, set up the logs and arm the crash points of a process of the service.

    Every line of its log has `process`, which is this name, its `pid`, and the members in `always`.

    Exits with USAGE_STATUS if the settings are invalid, or another installed distribution brings a
    package of the same name as one of ours.
    """
    exit_on_clash()
    settings = load_settings_or_exit()
    set_up_logs(settings.log_level, settings.log_format, {"process": name, **always})
    log_what_ends_threads()
    arm_from_environment()
    return settings


def log_function_problems(problems: Iterable[FunctionProblem]) -> None:
    """Log a line for each installed function that cannot be used."""
    for problem in problems:
        _logger.error(
            "The function %s of the package %s is left out. %s",
            problem.entry_point,
            problem.package,
            problem.detail,
        )


def call_on_stop_signals(stop: Callable[[], None]) -> None:
    """Have SIGTERM, SIGINT and SIGHUP call `stop`, in the main thread between two instructions.

    A second SIGTERM or SIGINT ends the process at once. A second SIGHUP does not: when a terminal
    closes, the kernel and the shell each send one. SIGHUP stays ignored under nohup.
    """
    is_stopping = False

    def on_signal(number: int, _frame: FrameType | None) -> None:
        nonlocal is_stopping
        if not is_stopping:
            is_stopping = True
            stop()  # once: a handler that interrupts Event.set would wait for its lock for ever
        elif number != signal.SIGHUP:
            os._exit(128 + number)

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, on_signal)
