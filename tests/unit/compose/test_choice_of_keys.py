"""compose/upgrade.sh: nobody goes on from a version without keys, or back to one, by accident."""

import os
import subprocess
from pathlib import Path

import pytest

UPGRADE = Path(__file__).parents[3] / "compose/upgrade.sh"

#: In the place of Docker: a deployment that runs, with these mounts and this choice.
DOCKER = """#!/bin/sh
case "$*" in
*"config --quiet") ;;
*"ps --quiet"*) echo an-id ;;
inspect*) echo "{mounts}" ;;
*"config --images") echo "reckoner:${{RECKONER_VERSION:-latest}}" ;;
"image inspect"*) echo an-image ;;
"run "*" --entrypoint test an-image -d /run/secrets/app") exit {missing} ;;
*" config")
    printf 'name: reckoner\\nx-chosen:\\n  keys: "{chosen}"\\n'
    printf 'services:\\n  keys: none\\n'
    ;;
*) echo "went on: $*" >&2; exit 7 ;;
esac
"""

BEFORE = "/run/secrets/database /run/secrets/broker"
NOW = "/run/secrets/app /run/secrets/broker"


def upgrade(folder: Path, mounts: str, chosen: str, *options: str, missing: int = 0) -> str:
    """Run the script as far as it goes; return what it says."""
    docker = folder / "docker"
    docker.write_text(DOCKER.format(mounts=mounts, chosen=chosen, missing=missing))
    docker.chmod(0o755)
    environment = {"PATH": f"{folder}:{os.environ['PATH']}"}
    command = [str(UPGRADE), *options]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode != 0
    return done.stderr


def test_without_a_choice_nothing_is_changed(tmp_path):
    said = upgrade(tmp_path, BEFORE, "")
    assert "RECKONER_KEYS=off" in said
    assert "RECKONER_KEYS=on" in said
    assert "Nothing has been changed." in said
    assert "went on" not in said


@pytest.mark.parametrize(
    ("mounts", "chosen"), [(BEFORE, "on"), (BEFORE, "off"), (NOW, ""), (NOW, "off")]
)
def test_with_a_choice_or_from_a_version_with_keys_it_goes_on(tmp_path, mounts, chosen):
    assert "went on" in upgrade(tmp_path, mounts, chosen)


@pytest.mark.parametrize("option", ["--back", "--no-build"])
def test_an_image_that_knows_no_keys_is_refused_before_anything_is_changed(tmp_path, option):
    said = upgrade(tmp_path, NOW, "on", option, missing=1)
    assert "knows no keys" in said
    assert "Nothing has been changed." in said
    assert "went on" not in said
    assert "went on" in upgrade(tmp_path, NOW, "on", option)
