"""An installation to be examined."""

import dataclasses

import pytest
from sqlalchemy import make_url

from reckoner.cli.operating.doctor.running import Check, Installation, run_checks
from shared.postgres.connections import make_engine

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
def examine(store_settings, engine):
    """Run a check; return its findings, each as level and the text of detail and remedy."""
    engines = []

    def run(check, *, url=NOWHERE, key=None, is_production=False, **changes):
        changed = dataclasses.replace(store_settings, **changes)
        pool = engine
        if "database_url" in changes:
            pool = make_engine(make_url(changes["database_url"]), connections=2, name="doctor")
            engines.append(pool)
        installation = Installation(changed, pool, url, is_production, key)
        (examined,) = run_checks([Check("a check", check)], installation)
        return [
            (str(finding.level), f"{finding.detail} {finding.remedy or ''}".strip())
            for finding in examined.findings
        ]

    yield run
    for one in engines:
        one.dispose()


def levels(findings):
    return {level for level, _ in findings}


def only(findings, level):
    """Return the texts of the findings of this level."""
    return [words for found, words in findings if found == level]
