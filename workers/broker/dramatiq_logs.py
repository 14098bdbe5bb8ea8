"""Dramatiq's log lines, as this service words them: a neighbour that is away is no catastrophe."""

import logging

from dramatiq.errors import BrokerConnectionError

from shared.calculation import Lane
from shared.messages import queue_name


def soften_outages(lane: Lane) -> None:
    """Have the lane's consumer thread warn of a RabbitMQ that is away; bugs stay CRITICAL.

    A RabbitMQ that stays away ends the worker, which says so itself.
    """
    logger = logging.getLogger(f"dramatiq.worker.ConsumerThread({queue_name(lane)})")
    if _warn_of_outages not in logger.filters:
        logger.addFilter(_warn_of_outages)


def _warn_of_outages(record: logging.LogRecord) -> bool:
    arguments = record.args if isinstance(record.args, tuple) else ()
    if record.levelno > logging.WARNING and any(
        isinstance(argument, BrokerConnectionError) for argument in arguments
    ):
        record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
    return True
