"""Which gateway NGINX passes a request to, how often, and what it answers if none responds."""

import os
import shutil
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


def test_a_long_batch_is_told_too_that_no_gateway_responds(nginx):
    url = nginx("127.0.0.1:1").url
    answer = httpx.post(f"{url}/calculations/batch", content=b" " * 4_100_000)
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:reckoner:problem:unavailable"


@pytest.mark.parametrize(("method", "most_sent"), [("POST", 1), ("GET", 2), ("DELETE", 2)])
@pytest.mark.slow
def test_a_post_that_was_sent_is_never_repeated_and_other_methods_are(nginx, method, most_sent):
    with Upstream(hangs_up=True) as first, Upstream(hangs_up=True) as second:
        url = nginx(first.address, second.address).url
        answer = httpx.request(method, f"{url}/calculations", content=b"{}")
        assert answer.status_code == 503
        assert len(first.asked + second.asked) == most_sent


@pytest.mark.slow
def test_a_file_of_the_console_is_asked_of_the_gateway_that_has_it(nginx):
    """While gateways of two versions run, a page of the one may ask the other for its files."""
    path = f"/console/files/{'0' * 16}/main.js"
    with Upstream(404) as old, Upstream() as new:
        url = nginx(old.address, new.address).url
        assert [httpx.get(url + path).status_code for _ in range(4)] == [200] * 4
    with Upstream(404) as old:
        assert httpx.get(nginx(old.address).url + path).status_code == 404
        assert len(old.asked) == 1


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


def test_a_configuration_that_changes_while_it_is_applied_is_applied_by_the_next_check(tmp_path):
    source, state, conf, programs = (tmp_path / name for name in ("source", "state", "conf", "bin"))
    shutil.copytree(_FOLLOW_GATEWAY.parent, source)
    for folder in (state, conf, programs):
        folder.mkdir()
    places = {
        "/etc/nginx/reckoner": source,
        "/run/reckoner": state,
        "/etc/nginx/conf.d": conf,
    }
    script = _FOLLOW_GATEWAY.read_text()
    for place, folder in places.items():
        script = script.replace(place, str(folder))
    (source / _FOLLOW_GATEWAY.name).write_text(script)
    (state / "gateways").write_text("127.0.0.1:81\n")
    (state / "leaving").touch()
    template = source / "reckoner.conf.template"

    def follow(*, nginx="true"):
        (programs / "nginx").write_text(f"#!/bin/sh\n{nginx}\n")
        (programs / "nginx").chmod(0o755)
        return subprocess.run(
            ["sh", source / _FOLLOW_GATEWAY.name, "follow"],
            env={
                "RECKONER_GATEWAY": "127.0.0.1:81",
                "PATH": f"{programs}:{os.environ['PATH']}",
            },
            check=False,
        ).returncode

    template.write_text("first\n")
    subprocess.run(["sh", source / _FOLLOW_GATEWAY.name, "configure"], check=True)
    change = f"echo second >{template}; sh {source / _FOLLOW_GATEWAY.name} configure"
    assert follow(nginx=change) == 0
    assert (conf / "reckoner.conf").read_text() == "first\n"
    assert follow(nginx="false") != 0  # NGINX refuses it, and it is tried again
    assert follow() == 0
    assert (conf / "reckoner.conf").read_text() == "second\n"
    assert not {"changed", "applying"} & {file.name for file in state.iterdir()}
