"""Variables that begin with RECKONER_ and are not settings."""

import dataclasses
import re
from pathlib import Path

import pytest

from compose.local.settings import LocalSettings
from shared.config import Settings, load_settings
from shared.errors import SettingsInvalid

ROOT = Path(__file__).parents[4]
NAMES = {field.name for field in dataclasses.fields(Settings)}


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("LEASE_SECOND", "LEASE_SECONDS"),
        ("lease_seconds", "LEASE_SECONDS"),
        ("HEAVYSLOTS", "HEAVY_SLOTS"),
        ("DATABASE_PASWORD_FILE", "DATABASE_PASSWORD_FILE"),
        ("BROKER__URL", "BROKER_URL"),
        ("HEAVY_REPLICA", "HEAVY_REPLICAS"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_known_one(monkeypatch, name, nearest):
    monkeypatch.setenv(f"RECKONER_{name}", "3")
    with pytest.raises(SettingsInvalid) as caught:
        load_settings()
    assert caught.value.faults == (
        f"RECKONER_{name} is not a setting. Did you mean RECKONER_{nearest}?",
    )


def test_variables_of_compose_and_make_up_are_accepted(monkeypatch):
    compose = (ROOT / "compose/compose.yaml").read_text()
    for name in re.findall(r"\bRECKONER_[A-Z_]+", compose):
        if not name.endswith("_FILE") and name.removeprefix("RECKONER_").lower() not in NAMES:
            monkeypatch.setenv(name, "production" if name == "RECKONER_ENV" else "x")
    monkeypatch.setenv("RECKONER_ENV", "development")
    for field in dataclasses.fields(LocalSettings):
        monkeypatch.setenv(f"RECKONER_LOCAL_{field.name.upper()}", "x")
    load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GATEWAY_PORT", "tcp://10.0.0.7:8081"),
        ("GATEWAY_PORT_8081_TCP_ADDR", "10.0.0.7"),
        ("GATEWAY_SERVICE_HOST", "10.0.0.7"),
        ("SERVICE_PORT_HTTP", "8081"),
    ],
)
def test_variables_that_kubernetes_adds_are_accepted(monkeypatch, name, value):
    monkeypatch.setenv(f"RECKONER_{name}", value)
    load_settings()


def test_the_address_for_the_command_line_is_no_mistake(monkeypatch):
    """`reckoner check-function` reads it; a shell that has it may also start a worker."""
    monkeypatch.setenv("RECKONER_URL", "http://localhost:8080")
    load_settings()
