"""What can go wrong. Each message says what is wrong and what to do; all can be pickled."""

from uuid import UUID

from reckoner.client.documents.calculation import Calculation
from reckoner.client.documents.problem import Problem


class ReckonerError(Exception):
    """The base of all errors of the client."""


class ServiceUnreachable(ReckonerError):
    """Raised when no answer comes, or one that is not Reckoner's."""


class ProblemResponse(ReckonerError):
    """Raised when the service refuses a request, with the document that says why."""

    def __init__(self, problem: Problem, status: int, request_id: str | None = None) -> None:
        super().__init__(problem, status, request_id)
        self.problem = problem
        self.status = status
        self.request_id = request_id

    @property
    def type(self) -> str:
        """The stable type of the problem."""
        return self.problem.type

    def __str__(self) -> str:
        return self.problem.detail


class NotFound(ProblemResponse):
    """Raised when there is no such calculation, function or route (404)."""


class NotAllowed(ProblemResponse):
    """Raised when the key is missing, is not valid, or may not do this (401, 403)."""


class InvalidRequest(ProblemResponse):
    """Raised when the request cannot be carried out as it is (400, 413, 422 and the like)."""


class LimitExceeded(ProblemResponse):
    """Raised when there is no room now: a rate, a queue or a number of streams (429, 503)."""


class ServerUnavailable(ProblemResponse):
    """Raised when the service cannot answer now, or fails (500 and above)."""


class _OfCalculation(ReckonerError):
    """An error that has to do with one calculation."""

    def __init__(self, calculation: Calculation) -> None:
        super().__init__(calculation)
        self.calculation = calculation


_NO_REASON = Problem(
    "about:blank", "Failed", None, "The calculation failed. Submit it again to try once more."
)


class CalculationFailed(_OfCalculation):
    """Raised when a calculation has failed; `problem` says why."""

    @property
    def problem(self) -> Problem:
        """The reason, as in the document."""
        return self.calculation.error or _NO_REASON

    def __str__(self) -> str:
        return self.problem.detail


class CalculationCancelled(_OfCalculation):
    """Raised when somebody has cancelled a calculation."""

    def __str__(self) -> str:
        by = self.calculation.cancelled_by
        return (
            f"The calculation was cancelled{f' by {by}' if by else ''}. Submit it again to run it."
        )


class WaitTimeout(_OfCalculation):
    """Raised when a calculation is not finished in time. It goes on; wait for it again."""

    def __str__(self) -> str:
        return (
            f"The calculation {self.calculation.id} is not finished yet: it is "
            f"{self.calculation.status}. It goes on. Wait for it again, or cancel it."
        )


class ResultPruned(ReckonerError):
    """Raised when a result was removed to free space."""

    def __init__(self, calculation_id: UUID) -> None:
        super().__init__(calculation_id)
        self.calculation_id = calculation_id

    def __str__(self) -> str:
        return (
            f"The result of {self.calculation_id} was removed to free space. "
            "Submit the calculation again to compute it again."
        )


class DigestMismatch(ReckonerError):
    """Raised when downloaded bytes are not those of the result. They are not kept."""

    def __init__(self, calculation_id: UUID, expected: str, found: str) -> None:
        super().__init__(calculation_id, expected, found)
        self.calculation_id = calculation_id
        self.expected = expected
        self.found = found

    def __str__(self) -> str:
        return (
            f"The downloaded bytes of {self.calculation_id} have the SHA-256 {self.found}, and the "
            f"result has {self.expected}. They are not kept. Download it again."
        )
