"""Connections that can be cut, held up or slowed down: a small TCP proxy for each link."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

HOST = "127.0.0.1"

_READ_BYTES = 2**18
_OPENING_BYTES = 512

_Value = TypeVar("_Value")


class Connection:
    """One connection through a link, and the first that its client said."""

    def __init__(self, opening: bytes, *writers: asyncio.StreamWriter) -> None:
        self.opening = bytearray(opening)
        self.is_open_way = asyncio.Event()
        self.is_open_way.set()
        self._writers = writers

    def abort(self) -> None:
        """Reset both ends."""
        for writer in self._writers:
            writer.transport.abort()


class Link:
    """Listens on a port of its own and passes every connection on to `target_port`.

    All methods may be called from any thread. A method with `opened_with` concerns connections
    whose first bytes hold these: PostgreSQL's hold the application's name.
    """

    def __init__(self, loops: "Links", target_port: int) -> None:
        self.port = 0
        self._loops = loops
        self._target_port = target_port
        self._connections: set[Connection] = set()
        self._delay_seconds = 0.0
        self._is_refusing = False

    def cut(self, opened_with: bytes = b"") -> int:
        """Reset the open connections; return how many. New ones pass."""
        return self._loops.run(self._cut(opened_with))

    def freeze(self, opened_with: bytes = b"") -> int:
        """Pass nothing on any more, in either direction, without closing; new connections pass.

        As when a firewall forgets a connection: to both ends it seems open for ever.
        """
        return self._loops.run(self._freeze(opened_with))

    def slow(self, seconds: float) -> None:
        """Delay everything by this time."""
        self._delay_seconds = seconds

    def refuse(self, *, is_refusing: bool = True) -> None:
        """Reset every connection, future ones as well."""
        self._is_refusing = is_refusing
        if is_refusing:
            self.cut()

    def repair(self) -> None:
        """Work normally again; frozen connections end."""
        self._delay_seconds = 0.0
        self._is_refusing = False
        self._loops.run(self._drop_frozen())

    async def open(self) -> None:
        server = await asyncio.start_server(self._accept, HOST, 0, limit=_READ_BYTES)
        self.port = server.sockets[0].getsockname()[1]

    async def _cut(self, opened_with: bytes) -> int:
        hit = [c for c in self._connections if opened_with in c.opening]
        for connection in hit:
            connection.abort()
        return len(hit)

    async def _freeze(self, opened_with: bytes) -> int:
        hit = [c for c in self._connections if opened_with in c.opening]
        for connection in hit:
            connection.is_open_way.clear()
        return len(hit)

    async def _drop_frozen(self) -> None:
        for connection in list(self._connections):
            if not connection.is_open_way.is_set():
                connection.abort()
                connection.is_open_way.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_refusing:
            writer.transport.abort()
            return
        try:
            opening = await reader.read(_READ_BYTES)
            back, forth = await asyncio.open_connection(HOST, self._target_port, limit=_READ_BYTES)
        except OSError:
            writer.transport.abort()
            return
        forth.write(opening)
        connection = Connection(opening, writer, forth)
        self._connections.add(connection)
        try:
            await asyncio.gather(
                self._pass_on(connection, reader, forth, connection.opening),
                self._pass_on(connection, back, writer, bytearray()),
            )
        finally:
            self._connections.discard(connection)
            connection.abort()

    async def _pass_on(
        self,
        connection: Connection,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        opening: bytearray,
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_READ_BYTES):
                # A client of PostgreSQL requests encryption before it names its user.
                if len(opening) < _OPENING_BYTES:
                    opening += data[:_OPENING_BYTES]
                if self._delay_seconds:
                    await asyncio.sleep(self._delay_seconds)
                await connection.is_open_way.wait()
                writer.write(data)
                await writer.drain()
        # The end of one direction ends both, except while the link is frozen.
        await connection.is_open_way.wait()
        writer.close()


class Links:
    """Runs links in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.all: list[Link] = []

    def make(self, target_port: int) -> Link:
        link = Link(self, target_port)
        self.run(link.open())
        self.all.append(link)
        return link

    def run(self, coroutine: Coroutine[Any, Any, _Value]) -> _Value:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    def close(self) -> None:
        for link in self.all:
            link.refuse()
        self.run(self._cancel_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    async def _cancel_all(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
