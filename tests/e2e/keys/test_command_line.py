"""`reckoner` with keys: what they may do, and where they must not appear."""

import subprocess

import pytest

from tests.e2e.cli.command import PROGRAM, environment

pytestmark = pytest.mark.slow


def run(keyed, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*PROGRAM, *arguments],
        env=environment(keyed.stack.url, **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def test_without_a_valid_key_it_is_status_4_and_says_where_it_belongs(keyed):
    for key in ({}, {"RECKONER_KEY": keyed.keys.bad["an expired key"].removeprefix("Bearer ")}):
        done = run(keyed, "get", keyed.finished, **key)
        assert (done.returncode, done.stdout) == (4, "")
        assert "RECKONER_KEY_FILE" in done.stderr


def test_a_key_that_does_not_allow_it_is_status_4_and_names_the_scope(keyed, tmp_path):
    (tmp_path / "key").write_text(keyed.keys.texts["read"] + "\n")
    file = str(tmp_path / "key")
    assert run(keyed, "get", keyed.finished, RECKONER_KEY_FILE=file).returncode == 0
    done = run(keyed, "submit", "fibonacci", '{"n": 100}', RECKONER_KEY_FILE=file)
    assert (done.returncode, done.stdout) == (4, "")
    assert "submit" in done.stderr


def test_a_key_is_in_no_message(keyed):
    secret = keyed.keys.texts["operator"]
    for url, arguments in ((keyed.stack.url, ("get", "x")), ("http://127.0.0.1:1", ("list",))):
        done = run(keyed, "--debug", *arguments, RECKONER_KEY=secret, RECKONER_URL=url)
        assert done.returncode in (2, 5)
        assert secret.rpartition("_")[2] not in done.stderr
    broken = run(keyed, "list", RECKONER_KEY=f"{secret} {secret}")
    assert broken.returncode == 2
    assert secret.rpartition("_")[2] not in broken.stderr
