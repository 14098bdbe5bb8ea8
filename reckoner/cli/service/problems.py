"""What commands say, and how they exit, when the service refuses or cannot be reached."""

from collections.abc import Iterator
from contextlib import contextmanager

from reckoner.cli.exit_status import CommandFailed, ExitStatus
from reckoner.cli.output.printable import printable
from reckoner.client import errors

#: The first that an error is an instance of counts.
_STATUSES: tuple[tuple[type[errors.ReckonerError], ExitStatus], ...] = (
    (errors.ServiceUnreachable, ExitStatus.UNREACHABLE),
    (errors.NotFound, ExitStatus.NOT_FOUND),
    (errors.ResultPruned, ExitStatus.NOT_FOUND),
    (errors.NotAllowed, ExitStatus.NOT_ALLOWED),
    (errors.LimitExceeded, ExitStatus.UNREACHABLE),
    (errors.InvalidRequest, ExitStatus.USAGE),
    (errors.CalculationCancelled, ExitStatus.CANCELLED),
    (errors.WaitTimeout, ExitStatus.TIMED_OUT),
)

#: Problems that say more than the class of their error.
_OF_PROBLEMS = {
    "unknown-function": ExitStatus.NOT_FOUND,
    "result-pruned": ExitStatus.NOT_FOUND,
    "cancelled": ExitStatus.CANCELLED,
}

#: Nobody could answer: the service itself (503), or who stands before it.
_UNAVAILABLE = frozenset({502, 503, 504})

_SHOWN_FAULTS = 20

#: What is longer is not the service's, and nobody reads it.
_SHOWN_CHARACTERS = 4000


@contextmanager
def problems_described() -> Iterator[None]:
    """Raise CommandFailed, with what to do and the exit status, for the client's errors."""
    try:
        yield
    except errors.ReckonerError as error:
        raise CommandFailed(sentence_of(error), status_of(error)) from error


def status_of(error: errors.ReckonerError) -> ExitStatus:
    """Return the exit status of an error."""
    if isinstance(error, errors.ProblemResponse):
        if error.problem.name in _OF_PROBLEMS:
            return _OF_PROBLEMS[error.problem.name]
        if error.status in _UNAVAILABLE:
            return ExitStatus.UNREACHABLE
    for kind, status in _STATUSES:
        if isinstance(error, kind):
            return status
    return ExitStatus.FAILED


def sentence_of(error: errors.ReckonerError) -> str:
    """Return what is wrong, and what to do."""
    lines = [printable(str(error)[:_SHOWN_CHARACTERS])]
    if isinstance(error, errors.ProblemResponse):
        faults = error.problem.errors
        if len(faults) > 1:
            shown = [f"  {fault.pointer}: {fault.detail}" for fault in faults[:_SHOWN_FAULTS]]
            lines += [printable(fault[:_SHOWN_CHARACTERS]) for fault in shown]
        if error.status == 401:
            lines[0] += " RECKONER_KEY or RECKONER_KEY_FILE names the key."
        elif error.status >= 500 and error.request_id:
            lines[0] += f" The request id is {printable(error.request_id)}."
    elif isinstance(error, errors.ServiceUnreachable):
        lines[0] += " RECKONER_URL or --url is the address of the service."
    return "\n".join(lines)
