"""RabbitMQ's users and what they may do, as it loads them at each start.

In Docker Compose the service `secrets` runs this file by itself, with Python alone.
"""

import base64
import hashlib
import json
import secrets
import sys
from pathlib import Path

#: Who the service is, and who uses the management UI.
USER = "reckoner"
MANAGER = "admin"

VHOST = "/"

#: Reckoner's queues alone; messages reach them through the default exchange.
PERMISSIONS = {
    "configure": r"^reckoner\..*",
    "write": r"^(reckoner\..*|amq\.default)$",
    "read": r"^reckoner\..*",
}
_EVERYTHING = {"configure": ".*", "write": ".*", "read": ".*"}

_SALT_BYTES = 4  # as RabbitMQ has it (rabbitmq.com/docs/passwords)


def definitions(password: str, manager_password: str) -> str:
    """Return what `load_definitions` reads. Users of these names become what is said here."""
    users = ((USER, password, ""), (MANAGER, manager_password, "administrator"))
    content = {
        "vhosts": [{"name": VHOST}],
        "users": [
            {
                "name": name,
                "password_hash": _hashed(text),
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": tags,
            }
            for name, text, tags in users
        ],
        "permissions": [
            {"user": USER, "vhost": VHOST, **PERMISSIONS},
            {"user": MANAGER, "vhost": VHOST, **_EVERYTHING},
        ],
    }
    return json.dumps(content, indent=2) + "\n"


def _hashed(password: str) -> str:
    salt = secrets.token_bytes(_SALT_BYTES)
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


if __name__ == "__main__":
    sys.stdout.write(definitions(*(Path(file).read_text().strip() for file in sys.argv[1:])))
