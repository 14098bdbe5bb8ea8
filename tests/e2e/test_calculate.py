"""GET /calculate/{n}: one line of text."""

from tests.e2e.numbers import fresh


def test_a_cheap_number_is_computed_at_once(client):
    answer = client.get("/calculate/100")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.text == "fibonacci(100) = 354224848179261915075\n"  # OEIS A000045


def test_an_expensive_number_is_queued_with_its_location(client):
    n = fresh(350_000_000, 399_000_000)
    answer = client.get(f"/calculate/{n}")
    location = answer.headers["Location"]
    assert answer.status_code == 202
    assert answer.text == f"fibonacci({n}) is queued; see {location}\n"
    assert int(answer.headers["Retry-After"]) >= 1
    assert client.get(location).json()["arguments"] == {"n": n}
    client.delete(location)
