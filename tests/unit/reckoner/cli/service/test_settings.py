"""Which service and which key: of the command line and of the environment."""

import pytest

from reckoner.cli.exit_status import CommandFailed, ExitStatus
from reckoner.cli.service.settings import DEFAULT_URL, read_settings

KEY = "rk_5f0c_9a1e"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    for name in ("URL", "KEY", "KEY_FILE"):
        monkeypatch.delenv(f"RECKONER_{name}", raising=False)


def refusal() -> str:
    with pytest.raises(CommandFailed) as caught:
        read_settings(None)
    assert caught.value.status == ExitStatus.USAGE
    return caught.value.message


def test_an_option_wins_over_the_environment_over_the_default(monkeypatch):
    assert read_settings(None).url == DEFAULT_URL
    monkeypatch.setenv("RECKONER_URL", "http://there")
    assert read_settings(None).url == "http://there"
    assert read_settings("http://here").url == "http://here"


def test_a_key_is_of_the_environment_or_of_a_file(monkeypatch, tmp_path):
    assert read_settings(None).key is None
    monkeypatch.setenv("RECKONER_KEY", f"{KEY}\n")
    assert read_settings(None).key == KEY
    monkeypatch.delenv("RECKONER_KEY")
    (tmp_path / "key").write_text(f"{KEY}\n")
    monkeypatch.setenv("RECKONER_KEY_FILE", str(tmp_path / "key"))
    assert read_settings(None).key == KEY


def test_a_key_is_not_shown(monkeypatch):
    monkeypatch.setenv("RECKONER_KEY", KEY)
    assert KEY not in repr(read_settings(None))


def test_what_holds_no_key_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("RECKONER_KEY_FILE", str(tmp_path / "missing"))
    assert "cannot be read: No such file" in refusal()
    for content in (b"", b"\n", b"\xff\xfe"):
        (tmp_path / "empty").write_bytes(content)
        monkeypatch.setenv("RECKONER_KEY_FILE", str(tmp_path / "empty"))
        assert "holds no key" in refusal()
    monkeypatch.setenv("RECKONER_KEY", KEY)
    both = refusal()
    assert "both set" in both
    assert KEY not in both
