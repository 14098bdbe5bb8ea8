"""Which deliveries of a channel are settled, so that one frame can acknowledge many."""

from collections.abc import Collection


class DeliveryTags:
    """The delivery tags of one channel: 1, 2, 3 and so on, and which of them are settled."""

    def __init__(self) -> None:
        self._delivered_up_to = 0
        self._settled_up_to = 0
        self._settled: set[int] = set()  # beyond _settled_up_to

    @property
    def outstanding(self) -> int:
        """Return the number of deliveries that are not settled."""
        return self._delivered_up_to - self._settled_up_to - len(self._settled)

    def deliver(self, tag: int) -> None:
        """Note a delivery.

        Tags that were skipped are settled: pika returned those deliveries to the queue, because
        their subscription had ended.
        """
        self._settled.update(range(self._delivered_up_to + 1, tag))
        self._delivered_up_to = tag
        self._close_gap()

    def settle(self, tags: Collection[int]) -> tuple[int | None, list[int]]:
        """Note that these are acknowledged or refused; return how to acknowledge them.

        That is the tag for a frame with `multiple`, or None, and the tags that need a frame each.
        With `multiple`, RabbitMQ accepts only a tag that is not settled yet; the highest given tag
        below the first gap is one.
        """
        self._settled.update(tags)
        self._close_gap()
        without_gap = [tag for tag in tags if tag <= self._settled_up_to]
        beyond = [tag for tag in tags if tag > self._settled_up_to]
        return max(without_gap, default=None), beyond

    def _close_gap(self) -> None:
        while self._settled_up_to + 1 in self._settled:
            self._settled_up_to += 1
            self._settled.remove(self._settled_up_to)
