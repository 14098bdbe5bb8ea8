"""The HTTP side: takes calculations in, hands results out; and the relay to RabbitMQ."""
