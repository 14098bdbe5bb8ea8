"""A Reckoner with keys on and small limits, for programs that send whatever its description allows.

No calculation there takes long: what needs more memory than the least that can be set is refused,
and a heavy one is stopped after a second.
"""

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from sqlalchemy import create_engine, make_url

from compose.services.credentials import APP
from tests.conftest import new_database, virtual_host
from tests.e2e.conftest import Stack
from tests.e2e.keys.api_keys import bearer, insert_key
from tests.plug_ins import install_examples

_LIMITS = {
    "keys": "on",
    "allowed_hosts": "localhost,127.0.0.1",
    "memory_limit_bytes": str(64 * 2**20),
    "time_limit_seconds": "1",
    "max_attempts": "1",
}


class Described(NamedTuple):
    """Where it is, and a key that may do everything there."""

    url: str
    headers: dict[str, str]
    stack: Stack


@pytest.fixture(scope="session")
def described(postgres, admin, template_database, rabbitmq, state_folder) -> Iterator[Described]:
    folder = state_folder / "described"
    folder.mkdir()
    with (
        new_database(postgres, admin, template_database) as url,
        virtual_host(rabbitmq) as broker_url,
    ):
        engine = create_engine(url)
        headers = bearer(insert_key(engine, "fuzz"))
        engine.dispose()
        with Stack(
            folder,
            url,
            broker_url,
            install_examples(folder / "examples"),
            app_url=postgres.url_of(str(make_url(url).database), APP),
            headers=headers,
            **_LIMITS,
        ) as stack:
            yield Described(stack.url, headers, stack)
