"""The lines for the steps of a start and of a stop."""

import re
from types import SimpleNamespace
from typing import Any

import pytest

from compose.local.terminal.progress import Progress
from compose.services.errors import ServiceError


@pytest.fixture
def shown() -> list[str]:
    return []


def progress_on(shown: list[str], *, has_unicode: bool = True) -> tuple[Progress, Any]:
    screen: Any = SimpleNamespace(
        show=shown.append, coloured=lambda text, _: text, has_unicode=has_unicode
    )
    return Progress(screen), screen


def test_each_step_has_a_line_with_its_seconds(shown):
    progress, _ = progress_on(shown)
    with progress.end_of("PostgreSQL"):
        assert shown == []
    progress.done("workers", "1 quick, 1 heavy")
    assert re.fullmatch(r"  ✓ PostgreSQL +\d+\.\d s", shown[0])
    assert re.fullmatch(r"  ✓ workers +\d+\.\d s   1 quick, 1 heavy", shown[1])


def test_a_step_that_fails_is_named_and_nothing_goes_on(shown):
    progress, screen = progress_on(shown)
    progress.begin("RabbitMQ")
    with pytest.raises(ServiceError), progress.end_of("PostgreSQL"):
        raise ServiceError("It is broken.", "Repair it.")
    assert len(shown) == 1
    assert shown[0].startswith("  ✗ PostgreSQL")
    assert screen.status() == ""


def test_without_unicode_the_marks_are_words(shown):
    progress, _ = progress_on(shown, has_unicode=False)
    progress.done("schema")
    progress.unsure("workers", "not ready yet")
    with pytest.raises(ServiceError), progress.part_of("NGINX"):
        raise ServiceError("", "")
    assert [line.split()[0] for line in shown] == ["ok", "!", "failed"]
    assert "".join(shown).isascii()


def test_what_goes_on_is_named_with_the_seconds_since_it_began(shown):
    progress, screen = progress_on(shown)
    assert screen.status() == ""
    progress.begin("PostgreSQL", "RabbitMQ")
    assert re.fullmatch(r"  . Starting PostgreSQL, RabbitMQ \(\d s\)", screen.status())
    progress.done("PostgreSQL")
    assert "Starting RabbitMQ (" in screen.status()
    progress.clear()
    progress.begin("NGINX", verb="Stopping")
    assert "Stopping NGINX (" in screen.status()
    progress.end("NGINX")
    assert screen.status() == ""
    assert len(shown) == 1
