"""/system/history gives what the relay has stored, and /dead-letters/redrive stores requests."""

import pytest
from sqlalchemy import text

from shared.store.redrives import list_redrives

MINUTE = """
    INSERT INTO history
    SELECT {step}, date_trunc('{unit}', now() - interval '{ago}', 'UTC'), lane, {step}, 7, 5, 1, 0,
           3, 2, 1, 0.5, 1, 2, '{{0,0,0,0,9,0,0,0,0,0,0,0}}', '{{0,9,0,0,0,0,0,0,0,0,0,0}}'
    FROM unnest(ARRAY['quick', 'heavy']) AS lanes (lane)"""


def put(engine, ago, step=60, unit="minute"):
    with engine.begin() as connection:
        connection.execute(text(MINUTE.format(ago=ago, step=step, unit=unit)))


def ask(gateway, query="", **options):
    return gateway(lambda client: client.simulate_get(f"/system/history{query}", **options))


def test_minutes_are_points_and_a_gap_is_null(engine, gateway):
    for ago in ("10 minutes", "12 minutes"):
        put(engine, ago)
    found = ask(gateway).json
    assert found["step_seconds"] == 60
    assert len(found["times"]) == 60
    quick = found["lanes"]["quick"]
    places = [place for place, value in enumerate(quick["accepted"]) if value is not None]
    assert len(places) == 2
    assert places[1] - places[0] == 2
    assert quick["accepted"][places[0] + 1] is None
    assert quick["waiting_seconds_p50"][places[0]] == pytest.approx(0.3)
    assert quick["outbox_age_seconds"][places[0]] == 0.5
    assert found["counted_seconds"][places[0]] == 60


def test_a_month_is_of_hours_and_of_the_minutes_of_this_one(engine, gateway):
    put(engine, "3 days", 3_600, "hour")
    put(engine, "0 minutes")
    found = ask(gateway, "?seconds=2592000").json
    assert (found["step_seconds"], len(found["times"])) == (7_200, 360)
    accepted = found["lanes"]["heavy"]["accepted"]
    assert [value for value in accepted if value is not None] == [7, 7]
    assert accepted[-1] == 7


@pytest.mark.parametrize("query", ["?seconds=1", "?seconds=x", "?seconds=99999999", "?second=60"])
def test_other_spans_are_refused(gateway, query):
    answer = ask(gateway, query)
    assert answer.status_code == 422
    assert answer.json["type"].endswith("invalid-arguments")


def redrive(gateway, body):
    return gateway(lambda client: client.simulate_post("/dead-letters/redrive", json=body))


@pytest.mark.parametrize(
    ("body", "lane"), [({}, None), ({"lane": None}, None), ({"lane": "heavy"}, "heavy")]
)
def test_a_redrive_is_stored_for_the_relay(engine, gateway, system, body, lane):
    answer = redrive(gateway, body)
    assert answer.status_code == 202
    with engine.begin() as connection:
        (stored,) = list_redrives(connection, 9)
    assert (str(stored.id), stored.lane) == (answer.json["id"], lane)
    (shown,) = system()["redrives"]
    assert (shown["id"], shown["status"], shown["moved"]) == (answer.json["id"], "waiting", 0)


@pytest.mark.parametrize("body", [[], {"lane": "slow"}, {"lane": 1}, {"lanes": "quick"}])
def test_what_names_no_lane_is_refused(engine, gateway, body):
    assert redrive(gateway, body).status_code == 422
    with engine.begin() as connection:
        assert list_redrives(connection, 9) == []
