"""Every error that Reckoner raises on purpose.

ReckonerError
├── SettingsInvalid            the process cannot start with these settings
├── RequestFault               a request that its client must correct
│   ├── FunctionUnknown
│   │   └── FunctionNotFound   a path names it
│   ├── ArgumentsInvalid
│   ├── BodyInvalid            not JSON, or not in a form that can be read
│   ├── BodyTooLarge
│   ├── MediaTypeUnsupported
│   ├── CalculationTooLarge
│   └── QueueLimitExceeded     alone more than may ever be queued
├── AdmissionRefused           there is too much queued: later the same request may succeed
│   ├── QueueFull              of all together
│   └── KeyLimitReached        of its key
├── AccessRefused              a request whose client may not do this
│   ├── Unauthenticated        without a valid key or session
│   ├── ScopeMissing           its key does not have the scope
│   ├── RateExceeded           more requests than its key may send
│   ├── KeySecondsExceeded     a longer calculation than its key may submit
│   ├── HostUnknown            the request is addressed to another service
│   └── CrossSiteRefused       a page of another origin has caused it
├── CalculationNotFound        no calculation has this id
├── CalculationFinal           it can no longer be cancelled
├── ResultUnavailable          there is no result to serve
│   ├── ResultNotFinished
│   ├── ResultMissing          the calculation failed or was cancelled
│   └── ResultPruned
├── ResultWrong                a result did not pass its check; it is never stored
├── ResultInvalid              what a function gave is no result
│   └── ResultTooLarge
├── FunctionExited             a function raised SystemExit or the like
├── ResultCorrupt              stored bytes no longer match their digest
├── CalculationAborted         a child process ended without a result
│   └── ProcessDied            for a reason outside the function: another attempt may succeed
├── StoreUnavailable           PostgreSQL does not answer
├── CountingTooSlow            stored results cannot be counted in the time of a statement
├── KeyChecksBusy              too many unknown keys at once
├── TooManyLists               too many different lists are followed
├── BrokerUnavailable          RabbitMQ does not answer or does not confirm
├── LeaseLost                  a worker no longer holds its claim
├── CalculationUnfit           a message names a calculation that its lane does not compute
├── MessageInvalid             a delivery that is not a message of Reckoner's
└── SendRefused                a message was sent to an actor, and not through the API
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

from reckoner.authoring.faults import MAX_FAULTS, Fault


class ReckonerError(Exception):
    """The base of all errors above."""


class SettingsInvalid(ReckonerError):
    """Raised when settings are missing, wrong or contradictory; `faults` lists all of them."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(
            "The settings are not valid:\n" + "\n".join(f"  - {fault}" for fault in faults)
        )
        self.faults = tuple(faults)


class RequestFault(ReckonerError):
    """Raised when a request is invalid."""


class FunctionUnknown(RequestFault):
    """Raised when no function of this name, or of this version, is installed."""

    def __init__(self, name: str, known_names: Sequence[str], version: int | None = None) -> None:
        which = f"{name!r}" if version is None else f"{name!r} in version {version}"
        super().__init__(f"There is no function {which}.")
        self.name = name
        self.known_names = tuple(known_names)
        self.faults = (Fault("/function", f"function must be one of: {', '.join(known_names)}."),)


class FunctionNotFound(FunctionUnknown):
    """Raised when a path names a function that is not installed."""


class ArgumentsInvalid(RequestFault):
    """Raised when members of a request are missing, unknown or out of bounds.

    `faults` describes the first of them, `count` is how many there are.
    """

    def __init__(self, faults: Sequence[Fault], count: int | None = None) -> None:
        self.faults = tuple(faults[:MAX_FAULTS])
        self.count = len(faults) if count is None else count
        super().__init__("; ".join(fault.detail for fault in self.faults))


class BodyInvalid(RequestFault):
    """Raised when a request's body is not valid JSON; the text says where."""


class BodyTooLarge(RequestFault):
    """Raised when a request's body is longer than its route allows."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"more than {limit_bytes} bytes")
        self.limit_bytes = limit_bytes


class MediaTypeUnsupported(RequestFault):
    """Raised when a request's body is not declared to be JSON."""

    def __init__(self, media_type: str | None) -> None:
        super().__init__(media_type or "none")
        self.media_type = media_type


class CalculationTooLarge(RequestFault):
    """Raised when a calculation would need more memory than a worker may use."""

    def __init__(self, needed_bytes: int, limit_bytes: int) -> None:
        super().__init__(f"needs {needed_bytes} bytes, the limit is {limit_bytes}")
        self.needed_bytes = needed_bytes
        self.limit_bytes = limit_bytes
        detail = (
            f"The calculation needs about {needed_bytes} bytes of memory; "
            f"the limit of this server is {limit_bytes} bytes."
        )
        self.faults = (Fault("/arguments", detail),)


class QueueLimitExceeded(RequestFault):
    """Raised when a request alone needs more of a unit than may be queued.

    `unit` is "calculations", "seconds" or "bytes"; `key_name` is None if the limit is that of all.
    """

    def __init__(
        self,
        unit: str,
        limit: float,
        used: float,
        needed: float,
        calculations: int,
        key_name: str | None,
    ) -> None:
        super().__init__(f"needs {needed:g} {unit}, the limit is {limit:g}")
        self.unit = unit
        self.limit = limit
        self.used = used
        self.needed = needed
        self.calculations = calculations
        self.key_name = key_name


class AdmissionRefused(ReckonerError):
    """Raised when a request needs more of a unit than may be queued beside what is there."""

    def __init__(
        self, unit: str, limit: float, used: float, needed: float, retry_after_seconds: int
    ) -> None:
        super().__init__(f"needs {needed:g} {unit} beside {used:g}, the limit is {limit:g}")
        self.unit = unit
        self.limit = limit
        self.used = used
        self.needed = needed
        self.retry_after_seconds = retry_after_seconds


class QueueFull(AdmissionRefused):
    """Raised when what is queued for all leaves no room for a request."""


class KeyLimitReached(AdmissionRefused):
    """Raised when what is queued for a key leaves no room for its request."""

    def __init__(
        self,
        unit: str,
        limit: float,
        used: float,
        needed: float,
        retry_after_seconds: int,
        key_name: str,
    ) -> None:
        super().__init__(unit, limit, used, needed, retry_after_seconds)
        self.key_name = key_name


class AccessRefused(ReckonerError):
    """Raised when who sends a request may not do what it asks for."""


class KeyFault(StrEnum):
    """Why a request has no valid key. Only a client that knows the secret is told the last two."""

    MISSING = "missing"
    MALFORMED = "malformed"
    INVALID = "invalid"
    EXPIRED = "expired"
    REVOKED = "revoked"


class Unauthenticated(AccessRefused):
    """Raised when a request has no valid key and no valid session."""

    def __init__(self, fault: KeyFault) -> None:
        super().__init__(f"the key is {fault}")
        self.fault = fault


class ScopeMissing(AccessRefused):
    """Raised when a request needs a scope that its key does not have."""

    def __init__(self, scope: str) -> None:
        super().__init__(f"needs the scope {scope}")
        self.scope = scope


class RateExceeded(AccessRefused):
    """Raised when a key sends more requests in a second than it may."""

    def __init__(self, rate_per_second: float, retry_after_seconds: int) -> None:
        super().__init__(f"more than {rate_per_second:g} requests/s")
        self.rate_per_second = rate_per_second
        self.retry_after_seconds = retry_after_seconds


class KeySecondsExceeded(AccessRefused):
    """Raised when a calculation counts as more seconds than its key allows for one.

    `index` is its place in a batch.
    """

    def __init__(self, seconds: float, limit_seconds: float, index: int | None = None) -> None:
        super().__init__(f"{seconds:g} s, and the limit is {limit_seconds:g} s")
        self.index = index
        self.seconds = seconds
        self.limit_seconds = limit_seconds


class HostUnknown(AccessRefused):
    """Raised when the Host header, None without one, is not a name of this service."""

    def __init__(self, host: str | None) -> None:
        super().__init__(repr(host))
        self.host = host


class CrossSiteRefused(AccessRefused):
    """Raised when a page of another origin causes a request that has effects, or may have.

    A GET (`is_get`) is one that a person may have meant. Where nothing tells which page has caused
    it (not `is_told`), it may be another one.
    """

    def __init__(self, *, is_get: bool, is_told: bool = True) -> None:
        super().__init__("the request comes from a page of another origin")
        self.is_get = is_get
        self.is_told = is_told


class CalculationNotFound(ReckonerError):
    """Raised when no calculation has this id."""

    def __init__(self, calculation_id: str) -> None:
        super().__init__(calculation_id)
        self.calculation_id = calculation_id


class CalculationFinal(ReckonerError):
    """Raised when a calculation that has already ended is cancelled."""

    def __init__(self, calculation_id: UUID, status: str) -> None:
        super().__init__(f"{calculation_id} has already {status}")
        self.status = status


class ResultUnavailable(ReckonerError):
    """Raised when a known calculation, whose id is given, has no result to serve."""


class ResultNotFinished(ResultUnavailable):
    """Raised when the calculation is still queued or running."""

    def __init__(self, calculation_id: UUID, status: str, retry_after_seconds: int) -> None:
        super().__init__(calculation_id)
        self.status = status
        self.retry_after_seconds = retry_after_seconds


class ResultMissing(ResultUnavailable):
    """Raised when the calculation failed or was cancelled."""

    def __init__(
        self, calculation_id: UUID, status: str, reason: Mapping[str, object] | None
    ) -> None:
        super().__init__(calculation_id)
        self.status = status
        self.reason = reason


class ResultPruned(ResultUnavailable):
    """Raised when the result was deleted to free space."""


class ResultWrong(ReckonerError):
    """Raised when a result fails its check before it is stored; the text says what failed."""


class ResultInvalid(ReckonerError):
    """Raised when what a function gives is no result; the text says what it is and what to do."""


class ResultTooLarge(ResultInvalid):
    """Raised when a result has more bytes than it may have."""

    def __init__(
        self, limit_bytes: int, advice: str = "or raise RECKONER_MAX_RESULT_BYTES"
    ) -> None:
        super().__init__(
            f"The result has more than the {limit_bytes:,} bytes that it may have. "
            f"Use smaller arguments, {advice}."
        )
        self.limit_bytes = limit_bytes


class FunctionExited(ReckonerError):
    """Raised when a function raised what would end its thread or its process."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(
            f"The function raised {type(error).__name__}. A function must return, or raise an "
            "exception; it must not end its process."
        )


class ResultCorrupt(ReckonerError):
    """Raised when stored bytes no longer have the digest that was stored with them."""

    def __init__(self, calculation_id: UUID) -> None:
        super().__init__(f"The stored bytes of {calculation_id} do not match their SHA-256.")


class CalculationAborted(ReckonerError):
    """Raised when a child process ended without a result: `reason` names the cause.

    `details` are what a function has added for programs to read.
    """

    def __init__(self, reason: str, detail: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.details = details


class ProcessDied(CalculationAborted):
    """Raised when a child process was killed, crashed or could not start."""

    def __init__(self, exit_reason: str, detail: str) -> None:
        super().__init__("process-died", detail)
        self.exit_reason = exit_reason


class StoreUnavailable(ReckonerError):
    """Raised when PostgreSQL cannot be reached, is overloaded or refuses to write."""


class CountingTooSlow(ReckonerError):
    """Raised when even a moment's results take longer to count than a statement may."""


class KeyChecksBusy(ReckonerError):
    """Raised when so many requests with unknown keys wait for a check that no more may."""


class TooManyLists(ReckonerError):
    """Raised when so many different lists are followed that no more may."""


class BrokerUnavailable(ReckonerError):
    """Raised when RabbitMQ cannot be reached or does not confirm in time."""


class LeaseLost(ReckonerError):
    """Raised when a claim ran out, was cancelled or went to another worker."""


class CalculationUnfit(ReckonerError):
    """Raised when a message has invalid arguments, or a calculation too large for its lane."""


class MessageInvalid(ReckonerError):
    """Raised when a delivery cannot be decoded; the text shows some of its data."""

    def __init__(self, detail: str, raw: object) -> None:
        super().__init__(f"{detail}: {raw!r:.200}")


class SendRefused(ReckonerError):
    """Raised when a message is sent to an actor: only the relay publishes."""

    def __init__(self, actor_name: str) -> None:
        super().__init__(
            f"{actor_name} accepts no messages from send(): without a row in PostgreSQL they have "
            "no effect. Submit the calculation with POST /calculations."
        )
