"""Whatever the description allows is answered as it says, and what it does not allow is refused."""

import pytest

from tests.e2e.description.fuzzing import fuzz, what_was_done

pytestmark = [pytest.mark.slow]


def test_schemathesis_finds_nothing(described):
    output = fuzz(described, "--max-examples", "15", seconds=45, seed=20_261_126)
    operations, reached, requests = what_was_done(output)
    assert reached == operations > 15
    assert requests > 200  # a busy machine sends fewer in the time
