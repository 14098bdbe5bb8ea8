"""Errors of the private services; each says what to do about it.

ServiceError
├── ProgramMissing
├── PortTaken
├── DataOfAnotherVersion
├── PreparationFailed
└── NotReady
"""


class ServiceError(Exception):
    """Base of these errors: one sentence on what is wrong, one on what to do."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}")
        self.problem = problem
        self.remedy = remedy


class ProgramMissing(ServiceError):
    """Raised when a service's program is not installed."""

    def __init__(self, program: str, package: str) -> None:
        super().__init__(
            f"The program {program} was not found.",
            f"Install it, for example with: apt-get install {package}",
        )


class PortTaken(ServiceError):
    """Raised when another program listens on a port that a service needs."""


class DataOfAnotherVersion(ServiceError):
    """Raised when a data folder was written by a version that is not installed."""


class PreparationFailed(ServiceError):
    """Raised when a service's data could not be created."""


class NotReady(ServiceError):
    """Raised when a started service ended or did not answer in time; `program` is its name."""

    def __init__(self, problem: str, remedy: str, program: str = "") -> None:
        super().__init__(problem, remedy)
        self.program = program
