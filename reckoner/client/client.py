"""The synchronous client."""

from collections.abc import Iterable, Iterator, Mapping
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
from reckoner.client.transport.driver import Driver
from reckoner.client.transport.retries import DEFAULT_RETRIES, Retries, as_retries
from reckoner.client.transport.settings import (
    DEFAULT_TIMEOUT_SECONDS,
    checked_url,
    http_options,
)


class Client:
    """Reckoner's API as methods, which block. One client may be used by several threads.

    `url` is that of the service, http://localhost:8080 if none is given; `key` is an API key.
    `timeout` is for connecting, and for each silence of an answer, in seconds; `retries` limits how
    often a request is repeated, which is always safe. `transport` replaces httpx's own. Errors are
    subclasses of ReckonerError.
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        timeout: float | httpx.Timeout | None = DEFAULT_TIMEOUT_SECONDS,
        retries: Retries | int = DEFAULT_RETRIES,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        options = http_options(url, key, timeout)
        self._http = httpx.Client(**options, transport=transport)
        self._service = Service(checked_url(url), as_retries(retries))
        self._driver = Driver(self._http)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def __repr__(self) -> str:
        return f"Client({self._service.url!r})"

    # --- One calculation ---

    def submit(
        self, function: str, arguments: Mapping[str, Any] | None = None, /, **others: Any
    ) -> Calculation:
        """Submit a calculation and return it as it is then: queued, or finished if it is cheap.

        Arguments are given by name, or in a mapping. Equal submissions are one calculation; a
        failed or cancelled one is queued again.
        """
        given = {**(arguments or {}), **others}
        return self._driver.run(submission.submit(self._service, function, given))

    def run(
        self,
        function: str,
        arguments: Mapping[str, Any] | None = None,
        /,
        *,
        on_progress: waiting.OnProgress | None = None,
        timeout: float | None = None,
        **others: Any,
    ) -> Calculation:
        """Submit a calculation and return it once it has succeeded.

        `on_progress` is called with a Progress about once a second. After `timeout` seconds
        WaitTimeout is raised; the calculation goes on, as it does if this is interrupted. Raises
        CalculationFailed and CalculationCancelled. A function whose arguments are named `timeout`
        or `on_progress` takes them in the mapping.
        """
        given = {**(arguments or {}), **others}
        return self._driver.run(
            submission.run(self._service, function, given, on_progress, timeout)
        )

    def call(
        self,
        function: str,
        arguments: Mapping[str, Any] | None = None,
        /,
        *,
        on_progress: waiting.OnProgress | None = None,
        timeout: float | None = None,
        **others: Any,
    ) -> Any:
        """Submit a calculation, wait for it as `run` does, and return the value of its result.

        Digits are an int, text is a str, JSON is what it stands for, and the rest is bytes.
        """
        given = {**(arguments or {}), **others}
        return self._driver.run(results.call(self._service, function, given, on_progress, timeout))

    def get(self, calculation: Named) -> Calculation:
        """Return a calculation as it is now. Raises NotFound."""
        return self._driver.run(submission.get(self._service, calculation))

    def wait(
        self,
        calculation: Named,
        *,
        on_progress: waiting.OnProgress | None = None,
        timeout: float | None = None,
    ) -> Calculation:
        """Return a calculation once it has succeeded; raise what `run` raises."""
        return self._driver.run(waiting.wait(self._service, calculation, on_progress, timeout))

    def events(self, calculation: Named, *, timeout: float | None = None) -> Iterator[Calculation]:
        """Yield a calculation as it is, then whenever it changes, until it is final.

        After `timeout` seconds WaitTimeout is raised, at most a few seconds late.
        """
        return self._driver.iterate(events.events(self._service, calculation, timeout))

    def cancel(self, calculation: Named) -> Calculation:
        """Cancel a calculation, for all who have submitted it, and return it.

        One that runs is cancelled within seconds. Raises ProblemResponse if it is final.
        """
        return self._driver.run(submission.cancel(self._service, calculation))

    def result(self, calculation: Named) -> Any:
        """Return the value of a result, as `call` does. Raises WaitTimeout if there is none yet."""
        return self._driver.run(results.result(self._service, calculation))

    def download(
        self,
        calculation: Named,
        target: downloads.Target,
        *,
        on_received: downloads.OnReceived | None = None,
    ) -> Calculation:
        """Write a result to an open file or to a path, and return its calculation.

        A path is replaced once all bytes are there and their SHA-256 is right. Until then they are
        in a part file beside it, where a later call goes on. Raises DigestMismatch, ResultPruned,
        WaitTimeout if there is no result yet, and OSError.
        """
        return self._driver.run(downloads.download(self._service, calculation, target, on_received))

    # --- Many calculations ---

    def batch(
        self, items: Iterable[Item], *, timeout: float | None = None
    ) -> Iterator[Calculation]:
        """Submit any number of calculations, and yield each in its order once it is final.

        An item is a function's name and its arguments, or a mapping with the members `function` and
        `arguments`. Failed and cancelled ones are yielded too: look at their `status`.
        """
        return self._driver.iterate(batch.batch(self._service, items, timeout))

    def submit_many(self, items: Iterable[Item]) -> Iterator[Submitted]:
        """Submit any number of calculations without waiting for them; yield the id of each."""
        return self._driver.iterate(batch.submit_many(self._service, items))

    def list(
        self, *, page_size: int = 100, **conditions: Unpack[ListConditions]
    ) -> Iterator[Calculation]:
        """Yield calculations that fulfil all conditions, newest first, a request for each page.

        `created_after` includes its moment, `created_before` does not.
        """
        given = many.written(conditions)
        return self._driver.iterate(many.list_calculations(self._service, given, page_size))

    def count(self, **conditions: Unpack[ListConditions]) -> Counted:
        """Count calculations that fulfil all conditions, up to 10,000."""
        return self._driver.run(many.count(self._service, many.written(conditions)))

    def cancel_many(
        self, *, ids: Iterable[Named] | None = None, **conditions: Unpack[CancelConditions]
    ) -> Cancelled:
        """Cancel all that are not finished and fulfil all conditions, or have one of these ids."""
        given = many.written(conditions)
        return self._driver.run(many.cancel_many(self._service, ids, given))

    # --- Functions ---

    def functions(self) -> tuple[Function, ...]:
        """Return what can be calculated."""
        return self._driver.run(catalogue.functions(self._service))

    def function(self, name: str) -> Function:
        """Return one function. Raises NotFound."""
        return self._driver.run(catalogue.function(self._service, name))

    def system(self) -> Mapping[str, Any]:
        """Return queues, workers, relays and what is stored, as GET /system has them."""
        return self._driver.run(catalogue.system(self._service))

    def estimate(
        self, function: str, arguments: Mapping[str, Any] | None = None, /, **others: Any
    ) -> Estimated:
        """Return the id, lane and estimate that a submission would have. Nothing is stored."""
        given = {**(arguments or {}), **others}
        return self._driver.run(submission.estimate(self._service, function, given))

    def calculation_id(
        self,
        function: Function | str,
        arguments: Mapping[str, Any] | None = None,
        /,
        *,
        version: int | None = None,
        **others: Any,
    ) -> UUID:
        """Return the id of a calculation, without a request if that is possible.

        It is with a Function; it is with a `version`, if the arguments are complete. Otherwise the
        function is asked for, once.
        """
        given = {**(arguments or {}), **others}
        return self._driver.run(catalogue.identify(self._service, function, given, version))
