"""The shape that Reckoner replaces: Flask with SQLAlchemy's ORM, Celery on Redis.

A request checks whether the calculation exists and otherwise sends the task; the task
computes, and inserts the one row. Each of both has its own unit of work with the database.
"""

import functools
import os
from datetime import datetime

from celery import Celery
from flask import Flask, Response, jsonify, request
from sqlalchemy import TIMESTAMP, BigInteger, Engine, Text, create_engine, func
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from tests.benchmarks.peers.work import digits

# Broker and result backend on Redis, everything else as Celery comes.
_REDIS_URL = os.environ.get("BENCHMARK_REDIS_URL")
celery_app = Celery("flask_celery", broker=_REDIS_URL, backend=_REDIS_URL)
flask_app = Flask("flask_celery")


class _Base(DeclarativeBase):
    """The tables."""


class Calculation(_Base):
    """A finished calculation. The columns are those of table.py."""

    __tablename__ = "calculations"

    k: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    n: Mapped[int]
    status: Mapped[str] = mapped_column(Text)
    digits: Mapped[str] = mapped_column(Text)
    finished_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), default=func.now())


@functools.cache
def _engine() -> Engine:
    """Return the process's engine, made after the fork."""
    return create_engine(os.environ["BENCHMARK_SQLALCHEMY_URL"])


@celery_app.task
def calculate(k: int, n: int) -> None:
    """Compute and insert."""
    with Session(_engine()) as database:
        database.add(Calculation(k=k, n=n, status="succeeded", digits=digits(n)))
        database.commit()


@flask_app.post("/calculations")
def submit() -> tuple[Response, int]:
    """Answer with what is known of it, and compute it if nothing is."""
    arguments = request.get_json()
    k, n = arguments["k"], arguments["n"]
    with Session(_engine()) as database:
        found = database.get(Calculation, k)
        if found is not None:
            return jsonify(k=k, n=n, status=found.status, digits=found.digits), 200
    task = calculate.delay(k, n)
    return jsonify(k=k, n=n, status="queued", task=task.id), 202
