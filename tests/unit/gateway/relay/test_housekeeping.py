"""Housekeeping is never in the way of the rescue, which calls it."""

import pytest

from gateway.relay.housekeeping import Housekeeping


class FailingEngine:
    begun = 0

    def begin(self):
        self.begun += 1
        raise OSError


def test_housekeeping_that_fails_is_not_tried_again_at_once():
    engine = FailingEngine()
    housekeeping = Housekeeping(engine)  # type: ignore[arg-type]
    with pytest.raises(OSError):
        housekeeping.run_if_due()
    housekeeping.run_if_due()
    assert engine.begun == 1
