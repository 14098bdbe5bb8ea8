"""The relay, a process of its own: from the outbox in PostgreSQL to RabbitMQ."""
