"""Work for workers, and workers as threads of a test."""

import threading
from collections.abc import Collection, Sequence
from functools import partial
from itertools import count, takewhile
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID, uuid4

import pika
from pika.exceptions import NackError
from sqlalchemy import Engine, text

from shared import messages
from shared.calculation import Calculation, Lane, Status, Work, calculation_id
from shared.config import Settings
from shared.functions.registry import Registry
from shared.postgres.connections import make_engine
from shared.store.calculations import find_calculations
from shared.store.new_calculations import insert_queued
from shared.store.results.chunks import find_chunk
from tests.child_with_test_functions import COMMAND, REGISTRY, TEMPLATE_COMMAND
from tests.eventually import eventually
from tests.factories import make_arguments
from workers.app import make_broker, run
from workers.heavy.lane import HeavyLane
from workers.quick.lane import QuickLane

_ROOT = Path(__file__).parents[2]


class Feed:
    """Does what gateway and relay do, and reads what became of it."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._settings = settings
        self.engine = engine

    def submit(self, *calculations: Calculation) -> None:
        """Queue calculations and publish their messages."""
        self.insert(*calculations)
        for lane in {calculation.lane for calculation in calculations}:
            self.publish(lane, *[body_of(c) for c in calculations if c.lane is lane])

    def insert(self, *calculations: Calculation) -> None:
        with self.engine.begin() as connection:
            insert_queued(connection, calculations, "a-request")
            connection.execute(
                text("UPDATE calculations SET published_at = now() WHERE published_at IS NULL")
            )

    def publish(self, lane: Lane, *bodies: bytes) -> None:
        with self._channel(lane) as channel:
            channel.confirm_delivery()
            for body in bodies:
                eventually(partial(self._is_confirmed, channel, lane, body))

    def _is_confirmed(self, channel: Any, lane: Lane, body: bytes) -> bool:
        """Publish; RabbitMQ refuses for a moment when a worker declares the same new queue."""
        try:
            channel.basic_publish("", messages.queue_name(lane), body)
        except NackError:
            return False
        return True

    def ready(self, lane: Lane) -> int:
        """Count messages that no worker holds."""
        return self._count(lane, messages.queue_name(lane))

    def subscriptions(self, lane: Lane) -> int:
        """Count those that would take the next message."""
        with self._channel(lane) as channel:
            declared = channel.queue_declare(messages.queue_name(lane), passive=True)
            return int(declared.method.consumer_count)

    def dead(self, lane: Lane) -> int:
        """Count messages that were refused."""
        return self._count(lane, messages.dead_letter_queue_name(lane))

    def delete_queue(self, lane: Lane) -> None:
        with self._channel(lane) as channel:
            channel.queue_delete(messages.queue_name(lane))

    def row(self, calculation: Calculation) -> Any:
        with self.engine.begin() as connection:
            return next(iter(find_calculations([calculation.id]).on(connection)), None)

    def status(self, calculation: Calculation) -> Status:
        return Status(self.row(calculation).status)

    def wait_for(self, status: Status, *calculations: Calculation, seconds: float = 60) -> None:
        """Wait until all have this status."""
        ids = [str(calculation.id) for calculation in calculations]
        wanted = str(status)

        def all_there() -> bool:
            with self.engine.begin() as connection:
                found = connection.execute(
                    text(
                        "SELECT status, count(*) FROM calculations "
                        "WHERE id = ANY (CAST(:ids AS uuid[])) GROUP BY status"
                    ),
                    {"ids": ids},
                )
                counts = {row[0]: row[1] for row in found}
            assert counts == {wanted: len(calculations)}
            return True

        eventually(all_there, within_seconds=seconds, what=f"all {status}")

    def digits(self, calculation: Calculation) -> str:
        """Return all digits that are stored."""
        row = self.row(calculation)
        if row.result_value is not None:
            return str(row.result_value)
        with self.engine.begin() as connection:
            chunks = connection.execute(
                text(
                    "SELECT digits FROM result_chunks WHERE calculation_id = :id "
                    "AND attempt = :attempt ORDER BY ordinal"
                ),
                {"id": calculation.id, "attempt": row.result_attempt},
            )
            return "".join(chunks.scalars())

    def result(self, calculation: Calculation) -> bytes:
        """Return all bytes that are stored of a result of any kind."""
        row = self.row(calculation)
        if row.bytes_in_row is not None:
            return bytes(row.bytes_in_row)
        with self.engine.begin() as connection:
            chunks = (
                find_chunk(connection, row.id, row.result_attempt, ordinal) for ordinal in count()
            )
            return b"".join(takewhile(bool, chunks))  # type: ignore[arg-type]

    def execute(self, statement: str, **values: object) -> int:
        with self.engine.begin() as connection:
            return connection.execute(text(statement), values).rowcount

    def scalar(self, query: str, **values: object) -> Any:
        with self.engine.begin() as connection:
            return connection.execute(text(query), values).scalar_one()

    def _channel(self, lane: Lane) -> "Channel":
        return Channel(self._settings, lane)

    def _count(self, lane: Lane, queue_name: str) -> int:
        with self._channel(lane) as channel:
            declared = channel.queue_declare(queue_name, passive=True)
            return int(declared.method.message_count)


class Channel:
    """A channel for a moment, on which the lane's queues are declared."""

    def __init__(self, settings: Settings, lane: Lane) -> None:
        nodes = [pika.URLParameters(url) for url in settings.amqp_urls]
        self._connection = pika.BlockingConnection(nodes)
        self._lane = lane

    def __enter__(self) -> Any:
        channel: Any = self._connection.channel()
        channel.queue_declare(
            messages.dead_letter_queue_name(self._lane),
            durable=True,
            arguments=messages.dead_letter_queue_arguments(),
        )
        channel.queue_declare(
            messages.queue_name(self._lane),
            durable=True,
            arguments=messages.queue_arguments(self._lane),
        )
        return channel

    def __exit__(self, *_: object) -> None:
        self._connection.close()


def make_test_calculation(name: str, n: int = 10, lane: Lane = Lane.QUICK) -> Calculation:
    """Return a calculation of a function that only tests have."""
    function = REGISTRY.get(name)
    bound = make_arguments({"n": n})
    identity = calculation_id(name, function.version, bound.text)
    return Calculation(identity, function, bound, function.estimate(bound), lane)


def body_of(*calculations: Calculation) -> bytes:
    """Return the message that the relay would publish for these."""
    works = [
        Work(one.id, one.function.name, one.function.version, one.arguments.text, "a-request")
        for one in calculations
    ]
    return messages.encode(works, calculations[0].lane)


class WorkerThread:
    """A worker in a thread of the test, with functions of the test's."""

    def __init__(
        self,
        settings: Settings,
        lane: Lane,
        registry: Registry | None = None,
        installed: Collection[str] | None = None,
        template_command: Sequence[str] = TEMPLATE_COMMAND,
    ) -> None:
        """Take what a heavy worker knows of its children's functions, which are the tests'."""
        self.worker_id: UUID = uuid4()
        self.status: int | None = None
        self._stopping = threading.Event()
        self._engine = make_engine(
            settings.sqlalchemy_url,
            connections=4,
            name="worker in a test",
            is_autocommit=lane is Lane.QUICK,
        )
        self._part: QuickLane | HeavyLane
        if lane is Lane.QUICK:
            assert registry is not None
            self._part = QuickLane(settings, self._engine, self.worker_id, registry)
        else:
            self._part = HeavyLane(
                settings,
                self._engine,
                self.worker_id,
                template_command,
                COMMAND,
                lambda: installed,
            )
        self._broker = make_broker(settings, self._part, self._engine, end=self._stopping.set)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            run(self._broker, self._stopping)
        except SystemExit as ended:
            self.status = int(ended.code or 0)
        else:
            self.status = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def free_slots(self) -> int:
        """How many calculations a heavy worker would take now."""
        assert isinstance(self._part, HeavyLane)
        return self._part.slots.free

    @property
    def holds_nothing(self) -> bool:
        """Whether a heavy worker has forgotten all claims that it had."""
        assert isinstance(self._part, HeavyLane)
        return self._part.leases.is_idle

    def stop(self) -> None:
        self._stopping.set()
        self.join()

    def join(self, seconds: float = 30) -> None:
        """Wait until it has ended."""
        self._thread.join(seconds)
        assert not self._thread.is_alive()
