"""The session of a browser."""

from gateway.description.operations import Answer, Body, Operation
from gateway.description.schemas.builders import reference
from gateway.routes.session import Session

_TAG = "Browsers"
_OFF = "While keys are off, nobody needs a session."


def operations() -> list[Operation]:
    """Return the operations."""
    either = {"oneOf": [reference("Session"), reference("KeysOff")]}
    return [
        Operation(
            "POST",
            "/session",
            Session,
            "beginSession",
            _TAG,
            "Begin a session: a cookie that stands for a key",
            {
                200: Answer(_OFF, reference("KeysOff")),
                201: Answer("It has begun.", reference("Session"), headers=("Set-Cookie",)),
            },
            "The key is in the body, or in `Authorization` without a body.",
            body=Body(
                reference("Login"),
                {"key": {"value": {"key": "rk_0123456789ab_" + "a" * 43}}},
                is_required=False,
            ),
            problems=("Unauthenticated", "RateExceeded"),
            has_effect=True,
        ),
        Operation(
            "GET",
            "/session",
            Session,
            "getSession",
            _TAG,
            "Whose session, or key, this is",
            {200: Answer("The name and the scopes of the key.", either)},
            problems=("Unauthenticated", "RateExceeded"),
        ),
        Operation(
            "DELETE",
            "/session",
            Session,
            "endSession",
            _TAG,
            "End the session, if there is one",
            {204: Answer("There is none now.", may_have=("Set-Cookie", "Clear-Site-Data"))},
            has_effect=True,
        ),
    ]
