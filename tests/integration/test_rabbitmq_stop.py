"""RabbitMQ stops without the five seconds that a part of its management UI would wait."""

_HANDLER = "rabbit_mgmt_db_handler"


def test_what_would_delay_a_stop_is_removed_before_it(rabbitmq):
    def handlers() -> str:
        found: str = rabbitmq._node.call("gen_event which_handlers [rabbit_event]", 30)
        return found

    assert _HANDLER in handlers()
    rabbitmq._remove_statistics()
    try:
        assert _HANDLER not in handlers()
        assert rabbitmq.ready()
    finally:
        rabbitmq._node.call(f"{_HANDLER} add_handler []", 30)
