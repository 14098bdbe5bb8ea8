"""RabbitMQ as Dramatiq's broker, and the consumers of the lanes' queues."""
