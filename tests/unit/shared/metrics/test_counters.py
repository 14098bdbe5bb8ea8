"""Counters of a process: exact with threads, and what they say of themselves."""

import threading

from shared.metrics.catalogue import COMPUTE_SECONDS, LEASES_EXPIRED, RESULT_BYTES, WAITERS
from shared.metrics.counters import Counters, label_text, labels_of, since
from tests.counted import counted


def test_threads_lose_no_count():
    counters = Counters()

    def work():
        for _ in range(2_000):
            counters.add(LEASES_EXPIRED)
            counters.observe(RESULT_BYTES, 3, "f")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted(counters, LEASES_EXPIRED) == {(): 8_000}
    assert counted(counters, RESULT_BYTES) == {("f",): 8_000}
    assert counters.totals()["reckoner_result_bytes_sum"] == {'["f"]': 24_000}


def test_a_value_at_a_bound_belongs_to_that_bucket():
    counters = Counters()
    counters.observe_all(COMPUTE_SECONDS, [0.0, 0.001, 0.0011, 7_200.0, 7_200.1], "f", "quick")
    assert counters.totals()["reckoner_compute_seconds_bucket"] == {
        '["f","quick","0.001"]': 2,
        '["f","quick","0.005"]': 1,
        '["f","quick","7200.0"]': 1,
        '["f","quick","+Inf"]': 1,
    }


def test_totals_are_not_changed_by_what_is_counted_later():
    counters = Counters()
    counters.add(LEASES_EXPIRED)
    before = counters.totals()
    counters.add(LEASES_EXPIRED, amount=4)
    counters.set_gauge(WAITERS, 3)
    assert before == {"reckoner_leases_expired_total": {"[]": 1}}
    assert since(counters.totals(), before) == {"reckoner_leases_expired_total": {"[]": 4}}
    assert counters.gauges() == {"reckoner_waiters": {"[]": 3}}


def test_values_of_labels_may_be_any_text():
    labels = ('a "b', "c\nd", "é,]")
    assert labels_of(label_text(labels)) == labels
