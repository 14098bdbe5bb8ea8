"""Where HTTP and JSON Schema mean something else than schemathesis: each place with its reason.

schemathesis loads this by SCHEMATHESIS_HOOKS. All of its checks stay on: what is taken out is one
response each, and not a check.
"""

import json

import schemathesis
from schemathesis.core.failures import Failure
from schemathesis.openapi.checks import RejectedPositiveData, UseAfterFree

_SPELLING = "written without a fraction or an exponent"


@schemathesis.hook
def filter_failure(context, failure: Failure, case, response) -> bool:
    """Keep a failure, unless it is one of those below."""
    if isinstance(failure, UseAfterFree):
        # DELETE cancels a calculation: the document stays, and says so (cancelCalculation).
        return "/calculations/" not in failure.free
    if isinstance(failure, RejectedPositiveData):
        return not _is_right_to_reject(response)
    return True


def _is_right_to_reject(response) -> bool:
    match response.status_code:
        case 412 | 416:
            # If-Match and Range are of what there is, and are well-formed even so (RFC 9110, 13.1.1
            # and 14.2).
            return True
        case 422:
            # JSON Schema cannot tell 10.0 from 10: one number has one spelling, and so one id.
            return all(_SPELLING in one["detail"] for one in json.loads(response.content)["errors"])
    return False
