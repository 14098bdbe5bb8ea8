"""Environment variables for tests of the settings."""

import pytest


@pytest.fixture
def variables(monkeypatch):
    def set_variables(**values):
        for name, value in values.items():
            monkeypatch.setenv(f"RECKONER_{name.upper()}", value)

    return set_variables
