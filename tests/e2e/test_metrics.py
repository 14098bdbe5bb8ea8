"""/metrics behind NGINX: known work gives exact numbers, which no end of a process changes."""

from collections import Counter

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.eventually import eventually

pytestmark = pytest.mark.slow

#: In its request, by a quick worker, and by the heavy one, where the last of them fails.
INLINE = [{"function": "prime_factors", "arguments": {"n": n}} for n in (30_030, 30_031)]
QUICK = [{"function": "roman_numeral", "arguments": {"n": n}} for n in range(3_101, 3_106)]
HEAVY = [
    {"function": "linear_system", "arguments": {"matrix": matrix, "right": [7.5, 1.0]}}
    for matrix in ([[2.0, 1.0], [1.0, 3.0]], [[1.0, 2.0], [2.0, 4.0]])
]

EXPECTED = {
    ("calculations_accepted_total", "prime_factors", "quick"): 2,
    ("calculations_accepted_total", "roman_numeral", "quick"): 5,
    ("calculations_accepted_total", "linear_system", "heavy"): 2,
    ("calculations_published_total", "roman_numeral", "quick"): 5,
    ("calculations_published_total", "linear_system", "heavy"): 2,
    ("calculations_finished_total", "prime_factors", "quick", "succeeded"): 2,
    ("calculations_finished_total", "roman_numeral", "quick", "succeeded"): 5,
    ("calculations_finished_total", "linear_system", "heavy", "succeeded"): 1,
    ("calculations_finished_total", "linear_system", "heavy", "failed"): 1,
    ("attempts_ended_total", "succeeded"): 1,
    ("attempts_ended_total", "function-failed"): 1,
    ("child_starts_total",): 2,
    ("child_ends_total", "finished"): 1,
    ("child_ends_total", "function-failed"): 1,
    ("compute_seconds_count", "roman_numeral", "quick"): 5,
    ("compute_seconds_count", "prime_factors", "quick"): 2,
    ("compute_seconds_count", "linear_system", "heavy"): 1,
    ("result_bytes_count", "roman_numeral"): 5,
    ("waiting_seconds_count", "quick"): 5,
    ("waiting_seconds_count", "heavy"): 2,
    ("requests_refused_total", "unknown-function"): 1,
    ("http_request_seconds_count", "POST", "/calculations/batch", "202"): 1,
    ("http_request_seconds_count", "POST", "/calculations", "422"): 1,
}


def scrape(client):
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain")
    assert "X-Cache" not in response.headers
    return {
        (sample.name.removeprefix("reckoner_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def grown(before, after):
    return Counter({key: after[key] - before.get(key, 0) for key in after})


def unfinished(client):
    counts = scrape(client)
    return sum(counts[key] for key in counts if key[0] == "queue_depth")


def tell_everything(stack, client):
    """Have all processes write what other tests have had them count: a stop does that at once."""
    eventually(lambda: unfinished(client) == 0)
    for module in ("workers quick", "workers heavy", "gateway.relay", "gateway"):
        stack.stop(module)
        stack.start(module)
    eventually(lambda: client.get("/health/ready").status_code == 200)
    kinds = [("processes", kind) for kind in ("quick", "heavy", "relay")]
    eventually(lambda: all(scrape(client).get(kind) for kind in kinds))


def test_known_work_gives_exact_numbers_whichever_processes_end(stack, client):
    tell_everything(stack, client)
    before = scrape(client)
    for one in INLINE:
        assert client.post("/calculations", json=one).status_code == 200
    client.post("/calculations/batch", json={"calculations": [*QUICK, HEAVY[0]]})
    failing = client.post("/calculations", json=HEAVY[1], headers={"Prefer": "wait=30"})
    assert failing.json()["status"] == "failed"
    client.post("/calculations", json={"function": "no-such-function", "arguments": {}})

    def are_exact():
        found = grown(before, scrape(client))
        assert {key: found[key] for key in EXPECTED} == EXPECTED
        return True

    eventually(are_exact)
    for module in ("workers quick", "gateway.relay"):
        stack.stop(module)
        stack.start(module)
    are_exact()
    stack.kill("workers heavy")  # after its last heartbeat has told everything
    stack.start("workers heavy")
    are_exact()
    stack.stop("gateway")
    stack.start("gateway")
    eventually(lambda: client.get("/health/live").status_code == 200)
    eventually(are_exact)
    everything = scrape(client)
    kinds = [("processes", name) for name in ("relay", "quick")]
    eventually(lambda: [scrape(client).get(kind) for kind in kinds] == [1, 1])
    counters = [key for key in everything if key[0].endswith(("_total", "_count", "_bucket"))]
    after = scrape(client)
    assert not [key for key in counters if after[key] < everything[key]]


def test_nothing_of_it_is_kept_by_nginx(client):
    def requests():
        counts = scrape(client)
        return counts["http_request_seconds_count", "GET", "/metrics", "200"]

    client.get("/metrics")
    first = eventually(requests)
    eventually(lambda: requests() > first)
