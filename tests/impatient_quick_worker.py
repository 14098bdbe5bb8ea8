"""`dramatiq tests.impatient_quick_worker:quick`: a quick worker that gives up after a second."""

from workers import app, lifecycle


def quick() -> None:
    """Make the broker as in production, but for how long it may be unable to consume."""
    lifecycle.SILENCE_SECONDS = 1.0
    app.quick()
