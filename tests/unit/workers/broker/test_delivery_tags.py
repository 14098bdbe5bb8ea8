"""One frame acknowledges all deliveries below the first gap, and never one that is not settled."""

from hypothesis import given
from hypothesis import strategies as st

from workers.broker.delivery_tags import DeliveryTags

COUNT = 8


@given(batches=st.lists(st.sets(st.integers(1, COUNT), min_size=1)))
def test_exactly_the_settled_deliveries_are_acknowledged(batches):
    tags = DeliveryTags()
    for tag in range(1, COUNT + 1):
        tags.deliver(tag)
    settled: set[int] = set()
    acknowledged: set[int] = set()
    for batch in batches:
        up_to, beyond = tags.settle(batch - settled)
        settled |= batch
        acknowledged |= {*range(1, (up_to or 0) + 1), *beyond}
        assert acknowledged == settled
        assert tags.outstanding == COUNT - len(settled)


def test_skipped_tags_are_settled():
    tags = DeliveryTags()
    tags.deliver(3)
    assert tags.outstanding == 1
    assert tags.settle([3]) == (3, [])
    assert tags.outstanding == 0
