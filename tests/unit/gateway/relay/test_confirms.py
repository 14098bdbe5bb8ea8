"""Which messages of a batch count as confirmed, whatever RabbitMQ answers and in whatever order."""

from pika.spec import Basic

from gateway.relay.confirms import Batch


def sent(count: int, first_tag: int = 1) -> Batch:
    batch = Batch("a queue", [b"body"] * count)
    for index in range(count):
        batch.note_sent(first_tag + index, index)
    return batch


def ack(tag: int, *, multiple: bool = False) -> Basic.Ack:
    return Basic.Ack(tag, multiple)


def nack(tag: int, *, multiple: bool = False) -> Basic.Nack:
    return Basic.Nack(tag, multiple)


def test_a_batch_is_done_once_each_message_was_answered():
    batch = sent(3)
    for tag in (3, 1):
        batch.note_confirm(ack(tag))
        assert not batch.done.is_set()
    batch.note_confirm(ack(2))
    assert batch.done.is_set()
    assert batch.confirmed == {0, 1, 2}


def test_a_multiple_confirm_counts_for_all_tags_up_to_its_own():
    batch = sent(5, first_tag=11)
    batch.note_confirm(ack(13, multiple=True))
    assert batch.confirmed == {0, 1, 2}
    assert not batch.done.is_set()
    batch.note_confirm(ack(15, multiple=True))
    assert batch.confirmed == {0, 1, 2, 3, 4}
    assert batch.done.is_set()


def test_refused_messages_are_answered_and_not_confirmed():
    batch = sent(5)
    batch.note_confirm(ack(1))
    batch.note_confirm(nack(3, multiple=True))
    batch.note_confirm(ack(5))
    batch.note_confirm(nack(4))
    assert batch.done.is_set()
    assert batch.confirmed == {0, 4}


def test_confirms_of_an_earlier_batch_are_ignored():
    batch = sent(2, first_tag=8)
    batch.note_confirm(ack(7))
    batch.note_confirm(ack(7, multiple=True))
    assert batch.confirmed == set()
    assert not batch.done.is_set()


def test_no_message_counts_as_confirmed_once_one_was_returned():
    batch = sent(2)
    batch.note_confirm(ack(1))
    batch.note_return()
    batch.note_confirm(ack(2))
    assert batch.done.is_set()
    assert batch.confirmed == set()
