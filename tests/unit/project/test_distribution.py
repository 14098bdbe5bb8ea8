"""What the distribution needs, and what the image and `make up` install of it."""

import configparser
import re
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]


def required(section: str, option: str) -> list[Requirement]:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    return [Requirement(line) for line in setup[section][option].splitlines() if line]


def locked() -> dict[str, str]:
    text = (ROOT / "requirements.txt").read_text()
    found = re.findall(r"^([\w.-]+)==(\S+)$", text, re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


def test_every_requirement_is_locked_in_a_version_that_fits():
    """The image and `make up` install Reckoner itself without its requirements."""
    versions = locked()
    for requirement in (
        *required("options", "install_requires"),
        *required("options.extras_require", "server"),
    ):
        assert versions[canonicalize_name(requirement.name)] in requirement.specifier, requirement


def test_an_author_installs_nothing_of_the_server():
    names = {requirement.name for requirement in required("options", "install_requires")}
    for_authors = {"annotated-types", "click", "docstring-parser", "gmpy2", "pydantic"}
    assert names == for_authors | {"httpx", "rich"}  # the client and the command line


def test_what_users_import_is_typed_for_their_type_checkers():
    """PEP 561: the file must be installed with the package."""
    assert (ROOT / "reckoner/py.typed").is_file()
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    assert setup["options.package_data"]["reckoner"] == "py.typed"


def test_the_way_to_lock_names_the_extra():
    assert "--extra server -o requirements.txt" in (ROOT / "CONTRIBUTING.md").read_text()


def test_the_builder_of_the_image_gets_the_functions_that_an_operator_adds():
    """docs/how-to/install-functions.md promises it; tests/compose builds an image."""
    assert "!compose/functions" in (ROOT / ".dockerignore").read_text().splitlines()
    assert "/source/compose/functions/*" in (ROOT / "compose/Dockerfile").read_text()
