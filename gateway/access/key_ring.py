"""The keys and sessions that a gateway process knows: read every few seconds, never by a request.

A request with a key that is not known waits until they have been read again, so that a new key and
a new secret work at once. However many wait, they are read at most twice a second.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from gateway.access.caller import Caller, caller_with
from gateway.http.limits import (
    FRESH_KEYS_SECONDS,
    MAX_KEY_CHECK_SECONDS,
    MAX_KEY_CHECKS,
    MAX_KEYS_SECONDS,
)
from shared.errors import KeyChecksBusy, KeyFault, StoreUnavailable, Unauthenticated
from shared.keys.api_key import ApiKey
from shared.keys.credential import Credential
from shared.postgres.outages import DATABASE_ERRORS, brief
from shared.store.keys.access import Access

_REFRESH_SECONDS = 5.0

#: Between two times that the keys are read.
_PAUSE_SECONDS = 0.5

#: Between two warnings that there is no valid key.
_WARNING_SECONDS = 600.0

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Known:
    """What PostgreSQL said; `read_at` is when the query began, by this process's clock."""

    access: Access
    read_at: float
    callers: dict[str, Caller]


class _Reading:
    """A time that the keys are read, for those who wait for it."""

    def __init__(self) -> None:
        self.done = asyncio.Event()
        self.has_succeeded = False


class KeyRing:
    """Finds out whose a key or a session's token is."""

    def __init__(
        self,
        read: Callable[[], Awaitable[Access]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`read` reads all keys and sessions from PostgreSQL."""
        self._read = read
        self._clock = clock
        self._known = _Known(Access(datetime.min.replace(tzinfo=UTC), {}, {}), -1e9, {})
        self._next = _Reading()
        self._is_wanted = asyncio.Event()
        self._waiting = 0
        self._problem: str | None = None
        self._warned_at = -1e9

    @property
    def is_fresh(self) -> bool:
        """Whether NGINX may keep what was answered by the keys that are known."""
        return self._clock() - self._known.read_at <= FRESH_KEYS_SECONDS

    @property
    def is_outdated(self) -> bool:
        """Whether the keys were read too long ago, so that no key can be checked."""
        return self._clock() - self._known.read_at > MAX_KEYS_SECONDS

    @property
    def now(self) -> datetime:
        """PostgreSQL's clock, as far as it is known."""
        known = self._known
        return known.access.now + timedelta(seconds=self._clock() - known.read_at)

    def end_of(self, credential: Credential | bytes) -> datetime | None:
        """Return when this key, or this session, expires; None if it never does or is unknown."""
        access = self._known.access
        if isinstance(credential, Credential):
            key = access.keys.get(credential.id)
            return None if key is None else key.expires_at
        session = access.sessions.get(credential)
        return None if session is None else session.expires_at

    async def caller_of(self, credential: Credential | bytes) -> Caller:
        """Return who has a key, or a session, given by the SHA-256 of its token.

        Waits for the keys to be read again if it is not known.
        Raises Unauthenticated, StoreUnavailable or KeyChecksBusy.
        """
        caller = self.find(credential)
        if caller is None:
            await self._wait_for_reading()
            caller = self.find(credential)
        if caller is None:
            raise self._refusal()
        return caller

    def find(self, credential: Credential | bytes) -> Caller | None:
        """Return who has this key or session, by what is known now; None if it is not known.

        That is also so if what is known is too old. Raises Unauthenticated if it has expired or was
        revoked.
        """
        known = self._known
        age = self._clock() - known.read_at
        if age > MAX_KEYS_SECONDS:
            return None
        now = known.access.now + timedelta(seconds=age)
        key = _key_of(credential, known.access, now)
        if key is None:
            return None
        if key.revoked_at is not None:
            raise Unauthenticated(KeyFault.REVOKED)
        if key.is_expired(now):
            raise Unauthenticated(KeyFault.EXPIRED)
        return known.callers[key.id]

    def check_again(self, credential: Credential | bytes) -> None:
        """Raise Unauthenticated or StoreUnavailable if this was valid and no longer is."""
        if self.find(credential) is None:
            raise self._refusal()

    def _refusal(self) -> Exception:
        """Return why `find` has found nobody."""
        if self.is_outdated:
            return StoreUnavailable("the API keys were read too long ago")
        return Unauthenticated(KeyFault.INVALID)

    def is_current(self, caller: Caller) -> bool:
        """Say whether the keys still count that this caller was found by, and are the latest."""
        return not self.is_outdated and self._known.callers.get(caller.key_id) is caller

    def not_used_today(self, key_ids: Iterable[str]) -> set[str]:
        """Return those of these keys whose last use is noted for another day, or not at all."""
        known = self._known
        age = timedelta(seconds=self._clock() - known.read_at)
        today = (known.access.now + age).astimezone(UTC).date()
        keys = known.access.keys
        return {one for one in key_ids if one in keys and keys[one].last_used_on != today}

    async def run(self) -> NoReturn:
        """Read the keys now and then, and soon when a request waits for it, until cancelled."""
        while True:
            began = self._clock()
            await self._read_once(began)
            await asyncio.sleep(began + _PAUSE_SECONDS - self._clock())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(began + _REFRESH_SECONDS - self._clock()):
                    await self._is_wanted.wait()

    async def _read_once(self, began: float) -> None:
        # Whoever comes from now on waits for the next time: this query may not see a key that was
        # made just before.
        reading, self._next = self._next, _Reading()
        self._is_wanted.clear()
        try:
            access = await self._read()
        except StoreUnavailable:
            pass  # others say so
        except DATABASE_ERRORS as error:  # such as a schema that is yet to be migrated
            if brief(error) != self._problem:
                self._problem = brief(error)
                _logger.warning("Cannot read the API keys: %s", self._problem)
        else:
            self._problem = None
            callers = {key.id: caller_with(key) for key in access.keys.values()}
            self._known = _Known(access, began, callers)
            reading.has_succeeded = True
            self._warn_if_none(access)
        finally:
            reading.done.set()

    async def _wait_for_reading(self) -> None:
        if self._waiting >= MAX_KEY_CHECKS:
            raise KeyChecksBusy
        reading = self._next
        self._is_wanted.set()
        self._waiting += 1
        try:
            async with asyncio.timeout(MAX_KEY_CHECK_SECONDS):
                await reading.done.wait()
        except TimeoutError:
            raise StoreUnavailable("the API keys were not read in time") from None
        finally:
            self._waiting -= 1
        if not reading.has_succeeded:
            raise StoreUnavailable("the API keys cannot be read")

    def _warn_if_none(self, access: Access) -> None:
        now = self._clock()
        if now < self._warned_at + _WARNING_SECONDS or _has_valid(access.keys.values(), access.now):
            return
        self._warned_at = now
        _logger.warning(
            "There is no valid API key, and every request is refused. Make one with "
            "`reckoner key create NAME --scope read,submit,cancel,operate`"
        )


def _key_of(credential: Credential | bytes, access: Access, now: datetime) -> ApiKey | None:
    """Return the key of this credential, valid or not; None if the secret is wrong."""
    if isinstance(credential, Credential):
        key = access.keys.get(credential.id)
        return key if key is not None and key.has_secret(credential.sha256, now) else None
    session = access.sessions.get(credential)
    if session is None or now >= session.expires_at:
        return None
    return access.keys.get(session.key_id)


def _has_valid(keys: Iterable[ApiKey], now: datetime) -> bool:
    return any(key.revoked_at is None and not key.is_expired(now) for key in keys)
