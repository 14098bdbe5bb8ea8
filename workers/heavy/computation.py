"""What an attempt computes: its child runs, and what arrives is checked and stored meanwhile.

A function that is checked by computing twice has two children, one after the other. The second
sends nothing but the digest of its result. Until both agree, the chunks belong to no result.
"""

import dataclasses
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from shared.config import Settings
from shared.errors import CalculationAborted, ProcessDied
from shared.functions.verification import random_prime
from shared.metrics.catalogue import CHILD_ENDS, CHILD_STARTS
from shared.metrics.counters import Counters
from shared.result import CHUNK_BYTES, ROW_BYTES, Result, in_chunks
from workers.heavy.arriving_bytes import ArrivingBytes
from workers.heavy.chunks import ChunkWriter
from workers.heavy.claimed_writes import ClaimedWrites
from workers.heavy.lease import Lease
from workers.sandbox.exit_reasons import results_differ
from workers.sandbox.outside.children import Children
from workers.sandbox.outside.parent import Sandbox
from workers.sandbox.protocol import RECOMPUTED, Request, Summary

logger = logging.getLogger(__name__)


class Computation:
    """The children of one attempt. Its chunks are stored under the lease."""

    def __init__(
        self,
        lease: Lease,
        settings: Settings,
        writes: ClaimedWrites,
        children: Children,
        extra: Mapping[str, object],
        counters: Counters,
    ) -> None:
        self._counters = counters
        self._lease = lease
        self._settings = settings
        self._writes = writes
        self._children = children
        self._extra = extra

    def run(self) -> Result:
        """Return the result, whose long bytes are stored. Raises CalculationAborted, LeaseLost."""
        result = self._compute()
        if result.check != RECOMPUTED:
            return result
        again, peak_bytes = self._compute_again()
        if (again.length, again.sha256) != (result.length, result.sha256):
            raise results_differ()
        return dataclasses.replace(result, peak_bytes=_larger(result.peak_bytes, peak_bytes))

    def _compute(self) -> Result:
        """Run a child; check its bytes as they arrive, and store those that do not fit the row."""
        with self._child(is_hash_only=False) as child, self._writer(child) as writer:
            arriving = None
            data = None
            for chunk in in_chunks(self._receive(child, self._note_progress), CHUNK_BYTES):
                if arriving is None:
                    arriving = ArrivingBytes(child.header, self._settings.max_result_bytes)
                arriving.feed(chunk)
                if arriving.length <= ROW_BYTES:
                    data = chunk  # all of it: only a last chunk can be so short
                else:
                    writer.add(chunk)
            writer.finish()
            if arriving is None:
                arriving, data = ArrivingBytes(child.header, 0), b""
            result = arriving.finish(child.summary, data, child.peak_bytes)
            return dataclasses.replace(result, data=data)

    def _compute_again(self) -> tuple[Summary, int | None]:
        """Run a child that sends no bytes; return what it says of them, and its peak of memory."""
        with self._child(is_hash_only=True) as child:
            for _ in self._receive(child, self._note_progress_again):
                raise CalculationAborted("process-died", "The second run sent its result.")
            return child.summary, child.peak_bytes

    @contextmanager
    def _child(self, *, is_hash_only: bool) -> Iterator[Sandbox]:
        claim = self._lease.claim
        declared = self._children.catalogue.find(claim.function, claim.version)
        memory_bytes, seconds = self._settings.memory_limit_bytes, self._settings.time_limit_seconds
        if declared is not None:
            memory_bytes = min(declared.memory_bytes or memory_bytes, memory_bytes)
            seconds = min(declared.timeout_seconds or seconds, seconds)
        request = Request(
            function=claim.function,
            version=claim.version,
            arguments_text=claim.arguments_text,
            prime=random_prime(),
            memory_limit_bytes=memory_bytes,
            time_limit_seconds=seconds,
            max_result_bytes=self._settings.max_result_bytes,
            is_memory_declared=memory_bytes < self._settings.memory_limit_bytes,
            is_time_declared=seconds < self._settings.time_limit_seconds,
            is_hash_only=is_hash_only,
        )
        # The second run is an interpreter of its own, whose strings have other hashes: forks of one
        # template all agree on a result that depends on the order of a set.
        self._counters.add(CHILD_STARTS)
        with (
            self._counted_end(),
            Sandbox(
                request,
                self._children.take(claim.function, claim.version, is_fresh=is_hash_only),
            ) as child,
        ):
            self._lease.on_end(child.kill)
            try:
                yield child
            finally:
                if child.stderr:
                    extra = {**self._extra, "stderr": child.stderr}
                    logger.warning("The calculation's process wrote to standard error", extra=extra)

    @contextmanager
    def _counted_end(self) -> Iterator[None]:
        reason = "stopped"  # by this worker: its lease has ended, or it stops
        try:
            yield
            reason = "finished"
        except ProcessDied as died:
            reason = died.exit_reason
            raise
        except CalculationAborted as aborted:
            reason = aborted.reason
            raise
        finally:
            self._counters.add(CHILD_ENDS, reason)

    def _writer(self, child: Sandbox) -> ChunkWriter:
        return ChunkWriter(
            lambda first, chunks: self._writes.store_chunks(child.header.kind, first, chunks)
        )

    def _receive(
        self, child: Sandbox, on_progress: Callable[[Sandbox, float], None]
    ) -> Iterator[bytes]:
        return child.receive(lambda fraction: on_progress(child, fraction), self._lease.check)

    def _note_progress(self, child: Sandbox, fraction: float) -> None:
        share = 0.5 if child.header.check == RECOMPUTED else 1.0
        self._lease.progress = max(self._lease.progress, fraction * share)

    def _note_progress_again(self, _child: Sandbox, fraction: float) -> None:
        self._lease.progress = max(self._lease.progress, 0.5 + fraction * 0.5)


def _larger(one: int | None, other: int | None) -> int | None:
    return max(one or 0, other or 0) or None
