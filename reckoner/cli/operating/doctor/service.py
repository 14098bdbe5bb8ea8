"""The service as clients reach it, through NGINX."""

from collections.abc import Iterator
from typing import Any

import httpx

from reckoner.cli.operating.doctor.findings import Finding, fault, note, ok, warning
from reckoner.cli.operating.doctor.running import Installation
from reckoner.client.transport.settings import http_options

_SECONDS = 5.0


def check_service(installation: Installation) -> Iterator[Finding]:
    """Find whether the gateway answers by its address, is ready, and has all its functions."""
    try:
        options = http_options(installation.url, installation.key, _SECONDS)
    except ValueError as error:
        yield fault(
            f"The service cannot be asked: {error}",
            "It is of --url, RECKONER_URL, RECKONER_KEY or RECKONER_KEY_FILE.",
        )
        return
    with httpx.Client(**options) as client:
        try:
            answer = client.get("/health/ready")
            document = answer.json()
            checks: dict[str, str] = dict(document["checks"])
            problems = list(_problems(document))
        except httpx.HTTPError as error:
            yield fault(
                f"{installation.url} cannot be reached: {error}.",
                "Start the gateway and NGINX, or name the address with --url or RECKONER_URL.",
            )
            return
        except (ValueError, KeyError, TypeError):
            yield fault(
                f"What answers at {installation.url} with status {answer.status_code} is not a "
                "gateway that works.",
                "Check the address, and the logs of NGINX and the gateway.",
            )
            return
        yield from _readiness(installation.url, checks)
        yield from problems
        if "nginx" not in answer.headers.get("Server", "").lower():
            yield warning(
                f"{installation.url} is answered without NGINX, or by another proxy before it.",
                "Let clients come through NGINX: it keeps stored answers and limits bodies.",
            )
        else:
            yield note(
                "NGINX answers. Whether it answers from its cache is in its access log: `cache`."
            )
        if "unknown" not in checks.values():  # otherwise /system can only wait for PostgreSQL
            yield from _system(client, is_key_given=installation.key is not None)


def _readiness(url: str, checks: dict[str, str]) -> Iterator[Finding]:
    faulty = {name: state for name, state in checks.items() if state != "ok"}
    if not faulty:
        yield ok(f"The gateway at {url} is ready, and so is all that it needs.")
    unknown = [name for name, state in faulty.items() if state == "unknown"]
    for name, state in faulty.items():
        if name in unknown:
            continue
        yield fault(
            f"The gateway says of {name}: {state.rstrip('.')}.",
            "Calculations are not accepted until that is mended."
            if name == "postgresql"
            else "Calculations are accepted, and wait until that is mended.",
        )
    if unknown:
        yield note(f"Meanwhile the gateway cannot tell the state of: {', '.join(unknown)}.")


def _problems(document: dict[str, Any]) -> Iterator[Finding]:
    for problem in document.get("problems", []):
        yield fault(
            f"The gateway has left out the function {problem['entry_point']} of the package "
            f"{problem['package']}. {problem['detail']}",
            "Correct or remove the package, and start the gateway again.",
        )


def _system(client: httpx.Client, *, is_key_given: bool) -> Iterator[Finding]:
    try:
        status = client.get("/system").status_code
    except httpx.HTTPError as error:
        yield warning(f"GET /system fails: {error}.", "See the log of the gateway.")
        return
    if status in (401, 403):
        what = "The key in RECKONER_KEY may not read /system" if is_key_given else "No key is given"
        yield note(
            f"{what}, so what needs a key is not checked.",
            "Set RECKONER_KEY or RECKONER_KEY_FILE to a key with the scope operate.",
        )
    elif status != 200:
        yield warning(f"GET /system answers {status}.", "See the log of the gateway.")
