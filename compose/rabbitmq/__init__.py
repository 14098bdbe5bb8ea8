"""RabbitMQ's configuration, and the users that it gets at each start."""
