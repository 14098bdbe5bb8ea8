"""The Python client of Reckoner: `from reckoner.client import Client, AsyncClient`.

It needs httpx alone, and loads nothing else of Reckoner.
"""

from reckoner.client.async_client import AsyncClient
from reckoner.client.client import Client
from reckoner.client.documents.calculation import (
    Attempt,
    Calculation,
    Cancelled,
    Counted,
    Estimate,
    Estimated,
    Progress,
    Result,
    Submitted,
)
from reckoner.client.documents.function import Function
from reckoner.client.documents.problem import Fault, Problem
from reckoner.client.errors import (
    CalculationCancelled,
    CalculationFailed,
    DigestMismatch,
    InvalidRequest,
    LimitExceeded,
    NotAllowed,
    NotFound,
    ProblemResponse,
    ReckonerError,
    ResultPruned,
    ServerUnavailable,
    ServiceUnreachable,
    WaitTimeout,
)
from reckoner.client.identity.calculation_id import calculation_id
from reckoner.client.operations.downloads import Received
from reckoner.client.transport.retries import Retries

__all__ = [
    "AsyncClient",
    "Attempt",
    "Calculation",
    "CalculationCancelled",
    "CalculationFailed",
    "Cancelled",
    "Client",
    "Counted",
    "DigestMismatch",
    "Estimate",
    "Estimated",
    "Fault",
    "Function",
    "InvalidRequest",
    "LimitExceeded",
    "NotAllowed",
    "NotFound",
    "Problem",
    "ProblemResponse",
    "Progress",
    "Received",
    "ReckonerError",
    "Result",
    "ResultPruned",
    "Retries",
    "ServerUnavailable",
    "ServiceUnreachable",
    "Submitted",
    "WaitTimeout",
    "calculation_id",
]
