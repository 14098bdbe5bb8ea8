"""Everything that tells the version of Reckoner tells the same one, and the changelog has it."""

import configparser
import re
from importlib import metadata
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.description.api import describe_api
from gateway.metrics.build import build
from reckoner.cli.__main__ import reckoner
from reckoner.distributions import OUR_DISTRIBUTION
from shared.config import load_settings
from shared.functions.registry import load_registry

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def version() -> str:
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    return settings["metadata"]["version"]


def test_every_part_tells_the_version_of_setup_cfg(version):
    addresses = {
        "database_url": "postgresql+psycopg2://reckoner:-@127.0.0.1/reckoner",
        "broker_url": "amqp://reckoner:-@127.0.0.1",
    }
    description = describe_api(load_settings(addresses), load_registry())
    told = {
        "installed": metadata.version(OUR_DISTRIBUTION),
        "/openapi.json": description["info"]["version"],
        "/metrics": build().version,
        "reckoner --version": CliRunner().invoke(reckoner, ["--version"]).output.split()[-1],
    }
    assert told == dict.fromkeys(told, version)


def test_the_changelog_has_the_version_with_its_day_and_how_to_upgrade(version):
    text = (ROOT / "CHANGELOG.md").read_text()
    releases = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$", text, re.MULTILINE)
    assert releases[0] == version
    assert re.search(r"^### Upgrading$", text, re.MULTILINE)


def test_the_upgrade_notes_name_the_schema_of_this_version():
    assert build().schema in (ROOT / "CHANGELOG.md").read_text().partition("### Added")[0]
