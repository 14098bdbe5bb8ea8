"""The asynchronous client: the methods of Client as coroutines."""

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, Self, Unpack
from uuid import UUID

import httpx

from reckoner.client.documents.calculation import (
    Calculation,
    Cancelled,
    Counted,
    Estimated,
    Submitted,
)
from reckoner.client.documents.function import Function
from reckoner.client.operations import (
    batch,
    catalogue,
    downloads,
    events,
    many,
    results,
    submission,
    waiting,
)
from reckoner.client.operations.batch import Item
from reckoner.client.operations.many import CancelConditions, ListConditions
from reckoner.client.operations.service import Named, Service
from reckoner.client.transport.async_driver import AsyncDriver
from reckoner.client.transport.retries import DEFAULT_RETRIES, Retries, as_retries
from reckoner.client.transport.settings import (
    DEFAULT_TIMEOUT_SECONDS,
    checked_url,
    http_options,
)


class AsyncClient:
    """Reckoner's API as methods of coroutines, for asyncio.

    Each method does what Client's does, by the same code, and is described there. What is called
    meanwhile (`on_progress`, `on_received`) may be a coroutine function. Files are written in
    threads.
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        timeout: float | httpx.Timeout | None = DEFAULT_TIMEOUT_SECONDS,
        retries: Retries | int = DEFAULT_RETRIES,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        options = http_options(url, key, timeout)
        self._http = httpx.AsyncClient(**options, transport=transport)
        self._service = Service(checked_url(url), as_retries(retries))
        self._driver = AsyncDriver(self._http)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    def __repr__(self) -> str:
        return f"AsyncClient({self._service.url!r})"

    # --- One calculation ---

    async def submit(
        self, function: str, arguments: Mapping[str, Any] | None = None, /, **others: Any
    ) -> Calculation:
        """Submit a calculation and return it as it is then: queued, or finished if it is cheap."""
        given = {**(arguments or {}), **others}
        return await self._driver.run(submission.submit(self._service, function, given))

    async def run(
        self,
        function: str,
        arguments: Mapping[str, Any] | None = None,
        /,
        *,
        on_progress: waiting.OnProgress | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 (as in Client)
        **others: Any,
    ) -> Calculation:
        """Submit a calculation and return it once it has succeeded."""
        given = {**(arguments or {}), **others}
        return await self._driver.run(
            submission.run(self._service, function, given, on_progress, timeout)
        )

    async def call(
        self,
        function: str,
        arguments: Mapping[str, Any] | None = None,
        /,
        *,
        on_progress: waiting.OnProgress | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 (as in Client)
        **others: Any,
    ) -> Any:
        """Submit a calculation, wait for it as `run` does, and return the value of its result."""
        given = {**(arguments or {}), **others}
        return await self._driver.run(
            results.call(self._service, function, given, on_progress, timeout)
        )

    async def get(self, calculation: Named) -> Calculation:
        """Return a calculation as it is now. Raises NotFound."""
        return await self._driver.run(submission.get(self._service, calculation))

    async def wait(
        self,
        calculation: Named,
        *,
        on_progress: waiting.OnProgress | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 (as in Client)
    ) -> Calculation:
        """Return a calculation once it has succeeded; raise what `run` raises."""
        return await self._driver.run(
            waiting.wait(self._service, calculation, on_progress, timeout)
        )

    def events(
        self, calculation: Named, *, timeout: float | None = None
    ) -> AsyncIterator[Calculation]:
        """Yield a calculation as it is, then whenever it changes, until it is final."""
        return self._driver.iterate(events.events(self._service, calculation, timeout))

    async def cancel(self, calculation: Named) -> Calculation:
        """Cancel a calculation, for all who have submitted it, and return it."""
        return await self._driver.run(submission.cancel(self._service, calculation))

    async def result(self, calculation: Named) -> Any:
        """Return the value of a result, as `call` does. Raises WaitTimeout if there is none yet."""
        return await self._driver.run(results.result(self._service, calculation))

    async def download(
        self,
        calculation: Named,
        target: downloads.Target,
        *,
        on_received: downloads.OnReceived | None = None,
    ) -> Calculation:
        """Write a result to an open file or to a path, and return its calculation."""
        return await self._driver.run(
            downloads.download(self._service, calculation, target, on_received)
        )

    # --- Many calculations ---

    def batch(
        self, items: Iterable[Item], *, timeout: float | None = None
    ) -> AsyncIterator[Calculation]:
        """Submit any number of calculations, and yield each in its order once it is final."""
        return self._driver.iterate(batch.batch(self._service, items, timeout))

    def submit_many(self, items: Iterable[Item]) -> AsyncIterator[Submitted]:
        """Submit any number of calculations without waiting for them; yield the id of each."""
        return self._driver.iterate(batch.submit_many(self._service, items))

    def list(
        self, *, page_size: int = 100, **conditions: Unpack[ListConditions]
    ) -> AsyncIterator[Calculation]:
        """Yield calculations that fulfil all conditions, newest first, a request for each page."""
        given = many.written(conditions)
        return self._driver.iterate(many.list_calculations(self._service, given, page_size))

    async def count(self, **conditions: Unpack[ListConditions]) -> Counted:
        """Count calculations that fulfil all conditions, up to 10,000."""
        return await self._driver.run(many.count(self._service, many.written(conditions)))

    async def cancel_many(
        self, *, ids: Iterable[Named] | None = None, **conditions: Unpack[CancelConditions]
    ) -> Cancelled:
        """Cancel all that are not finished and fulfil all conditions, or have one of these ids."""
        given = many.written(conditions)
        return await self._driver.run(many.cancel_many(self._service, ids, given))

    # --- Functions ---

    async def functions(self) -> tuple[Function, ...]:
        """Return what can be calculated."""
        return await self._driver.run(catalogue.functions(self._service))

    async def function(self, name: str) -> Function:
        """Return one function. Raises NotFound."""
        return await self._driver.run(catalogue.function(self._service, name))

    async def system(self) -> Mapping[str, Any]:
        """Return queues, workers, relays and what is stored, as GET /system has them."""
        return await self._driver.run(catalogue.system(self._service))

    async def estimate(
        self, function: str, arguments: Mapping[str, Any] | None = None, /, **others: Any
    ) -> Estimated:
        """Return the id, lane and estimate that a submission would have. Nothing is stored."""
        given = {**(arguments or {}), **others}
        return await self._driver.run(submission.estimate(self._service, function, given))

    async def calculation_id(
        self,
        function: Function | str,
        arguments: Mapping[str, Any] | None = None,
        /,
        *,
        version: int | None = None,
        **others: Any,
    ) -> UUID:
        """Return the id of a calculation, without a request if that is possible."""
        given = {**(arguments or {}), **others}
        return await self._driver.run(catalogue.identify(self._service, function, given, version))
