"""The relay deletes sessions that have expired, with the rights that it has."""

from sqlalchemy import text

from gateway.relay.housekeeping import Housekeeping
from tests.integration.store.keys.app_role import app_engine
from tests.integration.store.keys.rows import put_key, put_session

__all__ = ["app_engine"]


def test_expired_sessions_are_deleted_and_keys_are_kept(engine, app_engine):
    with engine.begin() as connection:
        key, revoked = put_key(connection), put_key(connection, revoked_in=-1e9)
        live = put_session(connection, key.id)
        put_session(connection, key.id, expires_in=0)
        put_session(connection, revoked.id, expires_in=-1)
    Housekeeping(app_engine).run_if_due()
    with engine.begin() as connection:
        sessions = connection.execute(text("SELECT token_sha256 FROM sessions")).scalars()
        assert list(map(bytes, sessions)) == [live]
        assert connection.execute(text("SELECT count(*) FROM api_keys")).scalar_one() == 2
