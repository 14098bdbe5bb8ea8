"""Private PostgreSQL, RabbitMQ and NGINX for `make up` and the tests."""

from compose.services.errors import ServiceError
from compose.services.nginx import Nginx
from compose.services.ports import free_port
from compose.services.postgres import Postgres
from compose.services.rabbitmq import RabbitMQ

__all__ = ["Nginx", "Postgres", "RabbitMQ", "ServiceError", "free_port"]
