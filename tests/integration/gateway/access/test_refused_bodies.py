"""A body that is refused unread, through NGINX."""

import json
import subprocess

import httpx
import pytest

from tests.integration.gateway.server.running import running_gateway

_BATCH = json.dumps({"calculations": [{"function": "fibonacci", "arguments": {"n": 1}}] * 80_000})


@pytest.mark.slow
def test_a_long_batch_without_a_key_gets_401_through_nginx_and_not_503(database_url, nginx):
    assert 4_000_000 < len(_BATCH) < 4 * 2**20
    json_header = {"Content-Type": "application/json"}
    with running_gateway(database_url, keys="on") as (_, port):
        url = f"{nginx(f'127.0.0.1:{port}').url}/calculations/batch"
        with httpx.Client() as client:
            for _ in range(5):
                answer = client.post(url, content=_BATCH, headers=json_header)
                assert (answer.status_code, answer.json()["title"]) == (401, "Not authenticated")
        curl = ("curl", "-sS", "-H", "Expect:", "-w", "%{http_code}", "--data-binary", "@-", url)
        for _ in range(5):
            done = subprocess.run(curl, input=_BATCH.encode(), capture_output=True, check=True)
            assert done.stdout.endswith(b"401"), done
