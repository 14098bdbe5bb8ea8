"""Passwords: from variables, from files and in addresses."""

import pytest

from shared.config import load_settings
from shared.errors import SettingsInvalid


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe"])
def test_an_empty_or_binary_secret_file_is_refused(variables, tmp_path, content):
    secret = tmp_path / "secret"
    secret.write_bytes(content)
    variables(database_password_file=str(secret))
    with pytest.raises(SettingsInvalid, match="RECKONER_DATABASE_PASSWORD_FILE"):
        load_settings()


def test_a_setting_and_its_file_are_refused_together(variables, tmp_path):
    (tmp_path / "slots").write_text("3")
    variables(heavy_slots="2", heavy_slots_file=str(tmp_path / "slots"))
    with pytest.raises(SettingsInvalid, match="RECKONER_HEAVY_SLOTS_FILE are both set"):
        load_settings()


def test_secrets_are_read_from_files(variables, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("p@ss/word\n")
    variables(
        database_url="postgresql+psycopg2://reckoner@db/reckoner",
        database_password_file=str(secret),
        broker_url="amqp://reckoner@mq:5672/%2F",
        broker_password_file=str(secret),
    )
    settings = load_settings()
    assert settings.sqlalchemy_url.password == "p@ss/word"
    assert settings.amqp_urls == ["amqp://reckoner:p%40ss%2Fword@mq:5672/%2F"]


def test_a_password_in_the_url_takes_precedence(variables):
    variables(
        database_url="postgresql+psycopg2://reckoner:own@db/reckoner", database_password="other"
    )
    assert load_settings().sqlalchemy_url.password == "own"


@pytest.mark.parametrize("password", ["1e5", "0x1F", "52e81903", '"q"', "@none", "true", "123"])
def test_a_password_is_not_converted(variables, password):
    variables(database_url="postgresql+psycopg2://reckoner@db/reckoner", database_password=password)
    assert load_settings().sqlalchemy_url.password == password


def test_a_rabbitmq_user_without_a_password_is_refused(variables):
    variables(broker_url="amqp://reckoner@mq:5672/%2F")
    with pytest.raises(SettingsInvalid, match="RECKONER_BROKER_PASSWORD"):
        load_settings()


def test_a_missing_secret_file_is_refused(variables):
    variables(database_password_file="/nowhere/secret")
    with pytest.raises(SettingsInvalid, match="/nowhere/secret"):
        load_settings()
