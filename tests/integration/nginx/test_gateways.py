"""Which gateway NGINX passes a request to, how often, and what it answers if none responds."""

import os
import subprocess
from pathlib import Path

import httpx
import pytest

import compose.services.nginx as private
from tests.upstream import Upstream

_FOLLOW_GATEWAY = Path(private.__file__).parents[1] / "nginx" / "follow-gateway.sh"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("is_there", [False, True], ids=["is not there", "hangs up"])
@pytest.mark.slow
def test_a_gateway_that_does_not_respond_is_a_503_with_retry_after(nginx, method, is_there):
    with Upstream(hangs_up=True) as upstream:
        url = nginx(upstream.address if is_there else "127.0.0.1:1").url
        answer = httpx.request(
            method, f"{url}/calculations", content=b"{}", headers={"X-Request-ID": "mine"}
        )
    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Request-ID"] == "mine"
    assert int(answer.headers["Retry-After"]) >= 1
    problem = answer.json()
    assert problem["status"] == 503
    assert problem["type"] == "urn:reckoner:problem:unavailable"


@pytest.mark.parametrize(("method", "most_sent"), [("POST", 1), ("GET", 2), ("DELETE", 2)])
@pytest.mark.slow
def test_a_post_that_was_sent_is_never_repeated_and_other_methods_are(nginx, method, most_sent):
    with Upstream(hangs_up=True) as first, Upstream(hangs_up=True) as second:
        url = nginx(first.address, second.address).url
        answer = httpx.request(method, f"{url}/calculations", content=b"{}")
        assert answer.status_code == 503
        assert len(first.asked + second.asked) == most_sent


@pytest.mark.slow
def test_a_post_goes_to_another_gateway_when_one_is_down(nginx):
    with Upstream() as upstream:
        url = nginx("127.0.0.1:1", upstream.address).url
        for _ in range(4):
            assert httpx.post(f"{url}/calculations", content=b"{}").status_code == 200


@pytest.mark.slow
def test_several_gateways_share_the_requests_and_replace_each_other(nginx):
    with Upstream() as first:
        with Upstream() as second:
            url = nginx(first.address, second.address).url
            for _ in range(10):
                assert httpx.get(url).status_code == 200
            assert first.asked
            assert second.asked
        for _ in range(10):
            assert httpx.get(url).status_code == 200


def test_docker_compose_finds_the_addresses_behind_several_names():
    shown = subprocess.run(
        ["sh", _FOLLOW_GATEWAY, "addresses"],
        env={
            "RECKONER_GATEWAY": "127.0.0.1:81,[::1]:82, 127.0.0.2:83,",
            "PATH": os.environ["PATH"],
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.split() == ["127.0.0.1:81", "127.0.0.2:83", "[::1]:82"]
