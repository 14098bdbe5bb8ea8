"""The Python client where keys are on, and behind TLS."""

import logging
import traceback

import pytest

from reckoner.client import Client, NotAllowed, ServiceUnreachable
from tests.e2e.keys.terminator import terminator

_BAD = ("half a key", "an unknown id", "a wrong secret", "a former secret", "a revoked key")


def test_the_client_sends_its_key(keyed):
    with Client(keyed.stack.url, keyed.keys.texts["operator"]) as client:
        assert client.call("fibonacci", n=100) == 354224848179261915075
        assert client.get(keyed.finished).status == "succeeded"


def test_without_a_valid_key_nothing_is_allowed_and_no_key_is_shown(keyed, caplog):
    caplog.set_level(logging.DEBUG)
    shown = ""
    bad = [keyed.keys.bad[name].removeprefix("Bearer ") for name in _BAD]
    for key in (None, *bad):
        client = Client(keyed.stack.url, key)
        with client, pytest.raises(NotAllowed) as raised:
            client.get(keyed.finished)
        assert raised.value.status == 401
        shown += "".join(traceback.format_exception(raised.value)) + repr(client)
    shown += caplog.text
    assert [secret for secret in keyed.keys.secrets if secret in shown] == []


@pytest.mark.slow
def test_a_certificate_that_is_not_trusted_is_said_at_once(keyed, tmp_path, monkeypatch):
    key = keyed.keys.texts["operator"]
    with terminator(tmp_path / "tls", keyed.stack.url, "") as tls:
        url = f"https://127.0.0.1:{tls.port}"
        with pytest.raises(ServiceUnreachable, match="is not trusted: self-signed"):
            Client(url, key).functions()
        monkeypatch.setenv("SSL_CERT_FILE", str(tls.certificate))
        with pytest.raises(ServiceUnreachable, match="is not trusted: IP address mismatch"):
            Client(url, key).functions()  # it is that of a name
