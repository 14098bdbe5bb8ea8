"""The level of Dramatiq's log lines on RabbitMQ outages: a warning, and not CRITICAL."""

import logging

from dramatiq.errors import BrokerConnectionError

from shared.calculation import Lane
from shared.messages import queue_name


def warn_of_outages(lane: Lane) -> None:
    """Have the lane's consumer thread log a lost connection as WARNING; bugs stay CRITICAL.

    A worker that cannot consume for a while ends, and logs that itself.
    """
    logger = logging.getLogger(f"dramatiq.worker.ConsumerThread({queue_name(lane)})")
    if _lower_outages not in logger.filters:
        logger.addFilter(_lower_outages)


def _lower_outages(record: logging.LogRecord) -> bool:
    arguments = record.args if isinstance(record.args, tuple) else ()
    if record.levelno > logging.WARNING and any(
        isinstance(argument, BrokerConnectionError) for argument in arguments
    ):
        record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
    return True
