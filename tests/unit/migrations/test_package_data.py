"""An installed package has all files that Alembic needs, not only the modules."""

from configparser import ConfigParser
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_every_file_of_the_migrations_is_installed():
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    patterns = [
        pattern.strip() for pattern in setup["options.package_data"]["migrations"].split(",")
    ]
    folder = ROOT / "migrations"
    files = [
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    modules = [file for file in files if fnmatch(file, "*.py") and "/" not in file]
    missing = [
        file
        for file in set(files) - set(modules)
        if not any(fnmatch(file, pattern) for pattern in patterns)
    ]
    assert missing == []
    assert "alembic.ini" in files
