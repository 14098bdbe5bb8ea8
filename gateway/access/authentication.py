"""Middleware that finds out who sends a request, and refuses who may not."""

import math
from typing import Any

import falcon.asgi

from gateway.access.browsers.cross_site import is_get_of_unknown_page
from gateway.access.caller import NOBODY, Caller
from gateway.access.key_ring import KeyRing
from gateway.access.last_use import LastUse
from gateway.access.presented import presented_credential
from gateway.access.rates import Rates
from gateway.access.scopes import needed_scope
from shared.errors import (
    CrossSiteRefused,
    KeyChecksBusy,
    RateExceeded,
    ScopeMissing,
    StoreUnavailable,
)
from shared.keys.credential import Credential


class Authentication:
    """Sets `req.context.caller` before the route is called; for when keys are on."""

    def __init__(self, ring: KeyRing, rates: Rates, last_use: LastUse) -> None:
        self._ring = ring
        self._rates = rates
        self._last_use = last_use

    async def process_resource(
        self,
        req: falcon.asgi.Request,
        resp: falcon.asgi.Response,  # noqa: ARG002
        resource: Any,
        params: dict[str, Any],  # noqa: ARG002
    ) -> None:
        """Note the caller.

        Raises AccessRefused, or StoreUnavailable or KeyChecksBusy if it cannot be told. A resource
        that has `serves_unchecked` is called then, and has to look at the caller's scopes.
        """
        scope = needed_scope(resource, req.method)
        if scope is None:
            req.context.caller = NOBODY
            return
        credential = presented_credential(req)
        if isinstance(credential, bytes) and is_get_of_unknown_page(req, scope):
            raise CrossSiteRefused(is_get=True, is_told=False)
        try:
            caller = await self._find(credential)
        except (StoreUnavailable, KeyChecksBusy):
            if not getattr(resource, "serves_unchecked", False) or not self._ring.is_outdated:
                raise
            req.context.caller = NOBODY
            return
        # Before it can be refused: the answer, and so NGINX's log, names the key.
        req.context.caller = caller
        self._count(caller)
        if scope not in caller.scopes:
            raise ScopeMissing(scope)

    async def admit(self, credential: Credential | bytes) -> Caller:
        """Return who has the credential, whose request counts from now on.

        Raises Unauthenticated, RateExceeded, StoreUnavailable or KeyChecksBusy.
        """
        caller = await self._find(credential)
        self._count(caller)
        return caller

    async def _find(self, credential: Credential | bytes) -> Caller:
        caller = self._ring.find(credential) or await self._ring.caller_of(credential)
        self._last_use.add(caller.key_id)
        return caller

    def _count(self, caller: Caller) -> None:
        rate = caller.limits.rate_per_second
        if rate is not None:
            wait = self._rates.take(caller.number, rate)
            if wait:
                raise RateExceeded(rate, math.ceil(wait))

    async def process_response(
        self,
        req: falcon.asgi.Request,
        resp: falcon.asgi.Response,
        resource: Any,  # noqa: ARG002
        req_succeeded: bool,
    ) -> None:
        """Name the key, and let no shared cache keep the response.

        Raises Unauthenticated if the key was revoked, or has expired, while the request waited.
        """
        caller = getattr(req.context, "caller", NOBODY)
        if caller.name is None:
            return
        if req_succeeded and not self._ring.is_current(caller):
            self.check_again(req)
        resp.set_header("X-Reckoner-Key", caller.name)
        if not self._ring.is_fresh:
            resp.delete_header("X-Accel-Expires")
        cache_control = resp.get_header("Cache-Control")
        if cache_control != "no-store":
            resp.set_header("Cache-Control", _private(cache_control))

    def check_again(self, req: falcon.asgi.Request) -> None:
        """Raise Unauthenticated or StoreUnavailable if the request would no longer be let in."""
        self._ring.check_again(presented_credential(req))


def _private(cache_control: str | None) -> str:
    """Return these directives for a response that only its client's own cache may keep."""
    if cache_control is None:
        return "private, no-cache"
    return f"private, {cache_control.removeprefix('public, ')}"
