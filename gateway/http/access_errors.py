"""The errors of requests whose client may not do what they ask for."""

from gateway.http.problems import Problem
from shared import errors

_REALM = 'Bearer realm="reckoner"'

_KEY_FAULTS = {
    errors.KeyFault.MISSING: "The request has no API key.",
    errors.KeyFault.MALFORMED: "The credential of the request is not an API key.",
    errors.KeyFault.INVALID: "The key or the session of the request is not valid.",
    errors.KeyFault.EXPIRED: "The key of the request has expired.",
    errors.KeyFault.REVOKED: "The key of the request was revoked.",
}


def unauthenticated(error: errors.Unauthenticated) -> Problem:
    """Return the problem of this error."""
    is_missing = error.fault is errors.KeyFault.MISSING
    return Problem(
        401,
        "unauthenticated",
        "Not authenticated",
        f"{_KEY_FAULTS[error.fault]} "
        "Send a valid one as `Authorization: Bearer rk_...`; the operator makes keys.",
        headers={"WWW-Authenticate": _REALM if is_missing else f'{_REALM}, error="invalid_token"'},
    )


def scope_missing(error: errors.ScopeMissing) -> Problem:
    """Return the problem of this error."""
    return Problem(
        403,
        "scope-missing",
        "Scope missing",
        f"The key of the request does not have the scope {str(error.scope)!r}, which this needs. "
        "Use a key that has it; the operator makes keys.",
        {"scope": error.scope},
        {"WWW-Authenticate": f'{_REALM}, error="insufficient_scope", scope="{error.scope}"'},
    )


def rate_exceeded(error: errors.RateExceeded) -> Problem:
    """Return the problem of this error."""
    return Problem(
        429,
        "rate-exceeded",
        "Rate exceeded",
        f"The key of the request may send {error.rate_per_second:g} requests per second. "
        f"Resubmit it in {error.retry_after_seconds} s, and send fewer.",
        {"rate_per_second": error.rate_per_second},
        {"Retry-After": str(error.retry_after_seconds)},
    )


def key_seconds_exceeded(error: errors.KeySecondsExceeded) -> Problem:
    """Return the problem of this error."""
    which = (
        "The calculation"
        if error.index is None
        else f"The calculation at /calculations/{error.index}"
    )
    return Problem(
        403,
        "key-limit-seconds",
        "Calculation too long for this key",
        f"{which} counts as {error.seconds:.3g} s, and the key of the request may submit "
        f"calculations of up to {error.limit_seconds:g} s. "
        "Submit a shorter one, or use a key with a higher limit.",
        {"seconds": round(error.seconds, 6), "limit_seconds": error.limit_seconds},
    )


def host_unknown(error: errors.HostUnknown) -> Problem:
    """Return the problem of this error."""
    named = (
        "The request has no Host header."
        if error.host is None
        else f"The service is not known by the name {error.host!r:.100}."
    )
    return Problem(
        421,
        "unknown-host",
        "Unknown host",
        f"{named} Use one of its names, or ask the operator to add this one to "
        "RECKONER_ALLOWED_HOSTS.",
    )


def cross_site_refused(error: errors.CrossSiteRefused) -> Problem:
    """Return the problem of this error."""
    if not error.is_told:
        detail = (
            "With a session this needs HTTPS: otherwise the browser does not tell which page has "
            "caused the request. Use HTTPS, or send a key in the Authorization header."
        )
    else:
        advice = (
            "Enter its address in the address bar instead."
            if error.is_get
            else "Use a page of this service, or ask the operator to add that origin to "
            "RECKONER_CORS_ORIGINS."
        )
        detail = (
            f"The request comes from a page of another origin and would have an effect. {advice}"
        )
    return Problem(403, "cross-site", "Cross-site request refused", detail)
