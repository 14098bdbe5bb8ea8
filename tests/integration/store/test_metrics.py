"""What processes count is added up exactly, whichever of them stop, die or come back."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from sqlalchemy import text

from shared.metrics.catalogue import (
    ACCEPTED,
    BUSY_SLOTS,
    COMPUTE_SECONDS,
    DEAD_LETTERS,
    LEASES_EXPIRED,
    RESULTS_PRUNED,
)
from shared.metrics.counters import Counters
from shared.store.clock import correct_seen_times
from shared.store.metrics import ProcessKind, add_to_retired, fold_silent_metrics, read_metrics
from shared.store.metrics_row import MetricsRow, write_metrics

_LONG_SECONDS = 600.0
_LABELS = '["fibonacci","quick"]'


class _Process:
    """A process that counts, without the process."""

    def __init__(self, engine, kind=ProcessKind.QUICK):
        self.counters = Counters()
        self._engine = engine
        self._row = MetricsRow(self.counters, kind)

    def write(self, **options):
        write_metrics(self._engine, self._row, **options)


def _read(engine):
    with engine.connect() as connection:
        return read_metrics(connection)


def _expired(engine):
    return _read(engine).counters.get(LEASES_EXPIRED.name, {}).get("[]", 0)


def _fold(engine):
    with engine.begin() as connection:
        fold_silent_metrics(connection, _LONG_SECONDS)


def _let_be_silent(engine):
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE process_metrics SET seen_at = now() - interval '11 minutes'")
        )


def _kinds(engine):
    with engine.connect() as connection:
        return sorted(connection.execute(text("SELECT kind FROM process_metrics")).scalars())


def test_counts_of_all_processes_are_added_up(engine):
    first, second = _Process(engine), _Process(engine)
    first.counters.add(ACCEPTED, "fibonacci", "quick", amount=3)
    second.counters.add(ACCEPTED, "fibonacci", "quick")
    second.counters.add(ACCEPTED, "factorial", "heavy")
    for process in (first, second):
        process.write()
    assert _read(engine).counters[ACCEPTED.name] == {_LABELS: 4, '["factorial","heavy"]': 1}


def test_each_write_replaces_the_one_before(engine):
    process = _Process(engine)
    for _ in range(3):
        process.counters.add(LEASES_EXPIRED)
        process.write()
    assert _expired(engine) == 3
    assert _kinds(engine) == ["quick"]


def test_a_histogram_has_its_buckets_and_its_sum(engine):
    process = _Process(engine)
    process.counters.observe_all(COMPUTE_SECONDS, [0.0005, 0.001, 0.002], "fibonacci", "quick")
    process.counters.observe(COMPUTE_SECONDS, 1e6, "fibonacci", "quick")
    process.write()
    counters = _read(engine).counters
    assert counters["reckoner_compute_seconds_bucket"] == {
        '["fibonacci","quick","0.001"]': 2,
        '["fibonacci","quick","0.005"]': 1,
        '["fibonacci","quick","+Inf"]': 1,
    }
    assert float(counters["reckoner_compute_seconds_sum"][_LABELS]) == pytest.approx(1000000.0035)


def test_a_process_that_stops_leaves_its_counts_and_no_gauges(engine):
    process = _Process(engine)
    process.counters.add(LEASES_EXPIRED)
    process.counters.set_gauge(BUSY_SLOTS, 2, "quick")
    process.write()
    assert _read(engine).gauges[BUSY_SLOTS.name]['["quick"]'].sum == 2
    process.write(is_last=True)
    assert not _read(engine).gauges
    assert not _read(engine).processes
    assert _expired(engine) == 1
    _fold(engine)
    assert _kinds(engine) == ["retired"]
    assert _expired(engine) == 1


def test_gauges_are_added_up_and_their_largest_is_known(engine):
    for value in (2, 5):
        process = _Process(engine, ProcessKind.RELAY)
        process.counters.set_gauge(DEAD_LETTERS, value, "heavy")
        process.write()
    assert _read(engine).gauges[DEAD_LETTERS.name]['["heavy"]'] == (7, 5)


def test_gauges_of_a_process_that_was_killed_are_soon_left_out(engine):
    process = _Process(engine)
    process.counters.set_gauge(BUSY_SLOTS, 2, "quick")
    process.counters.add(LEASES_EXPIRED)
    process.write()
    assert _read(engine).processes == {"quick": 1}
    _let_be_silent(engine)
    assert not _read(engine).gauges
    assert not _read(engine).processes
    assert _expired(engine) == 1


def test_what_has_not_changed_is_not_written_again(engine):
    process = _Process(engine)
    process.counters.add(LEASES_EXPIRED)
    process.write()
    _let_be_silent(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE process_metrics SET counters = '{}'"))
    process.write()
    assert _expired(engine) == 0  # only the time was written
    assert _read(engine).processes == {"quick": 1}


def test_rows_of_silent_processes_become_one_and_the_sum_stays(engine):
    for count in (1, 2, 3):
        process = _Process(engine)
        process.counters.add(LEASES_EXPIRED, amount=count)
        process.counters.observe(COMPUTE_SECONDS, 0.1, "fibonacci", "quick")
        process.write()
        if count != 2:
            _let_be_silent(engine)
            _fold(engine)
    assert _kinds(engine) == ["quick", "retired"] or _kinds(engine) == ["retired"]
    _let_be_silent(engine)
    _fold(engine)
    _fold(engine)
    assert _kinds(engine) == ["retired"]
    assert _expired(engine) == 6
    # Exactly, which floating point would not do.
    assert _read(engine).counters["reckoner_compute_seconds_sum"][_LABELS] == Decimal("0.3")


def test_a_process_that_is_alive_is_not_folded(engine):
    process = _Process(engine)
    process.counters.add(LEASES_EXPIRED)
    process.write()
    _fold(engine)
    assert _kinds(engine) == ["quick"]


def test_a_process_that_comes_back_after_it_was_folded_counts_only_what_is_new(engine):
    zombie = _Process(engine)
    zombie.counters.add(LEASES_EXPIRED, amount=5)
    zombie.counters.observe(COMPUTE_SECONDS, 0.25, "fibonacci", "quick")
    zombie.write()
    _let_be_silent(engine)
    _fold(engine)
    zombie.write()
    assert _expired(engine) == 5
    zombie.counters.add(LEASES_EXPIRED, amount=2)
    zombie.write()
    zombie.write()
    assert _expired(engine) == 7
    assert _read(engine).counters["reckoner_compute_seconds_sum"][_LABELS] == Decimal("0.25")
    _let_be_silent(engine)
    _fold(engine)
    zombie.counters.add(LEASES_EXPIRED)
    zombie.write()
    assert _expired(engine) == 8
    assert _kinds(engine) == ["quick", "retired"]


def test_a_write_that_was_not_committed_is_made_up_for_by_the_next(engine):
    counters = Counters()
    row = MetricsRow(counters, ProcessKind.QUICK)
    for _ in range(2):
        counters.add(LEASES_EXPIRED)
        with engine.connect() as connection:
            row.write(connection)  # and rolled back
    write_metrics(engine, row)
    assert _expired(engine) == 2


def test_two_relays_that_fold_at_the_same_time_count_once(engine):
    for _ in range(20):
        process = _Process(engine)
        process.counters.add(LEASES_EXPIRED)
        process.write()
    _let_be_silent(engine)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: _fold(engine), range(4)))
    assert _expired(engine) == 20
    assert _kinds(engine) == ["retired"]


def test_a_fold_waits_for_nobody_and_leaves_a_row_that_is_being_written(engine):
    process = _Process(engine)
    process.counters.add(LEASES_EXPIRED)
    process.write()
    _let_be_silent(engine)
    with engine.begin() as writing:
        writing.execute(text("UPDATE process_metrics SET seen_at = now()"))
        _fold(engine)
    assert _kinds(engine) == ["quick"]


def test_a_command_counts_for_good(engine):
    counters = Counters()
    counters.add(RESULTS_PRUNED, amount=4)
    for _ in range(2):
        with engine.begin() as connection:
            add_to_retired(connection, counters)
    assert _read(engine).counters[RESULTS_PRUNED.name]["[]"] == 8
    assert _kinds(engine) == ["retired"]


def test_numbers_never_fall_while_rows_are_folded_and_written(engine):
    process = _Process(engine)
    seen = []
    with ThreadPoolExecutor(1) as threads:
        for _ in range(30):
            process.counters.add(LEASES_EXPIRED)
            process.write()
            _let_be_silent(engine)
            folding = threads.submit(_fold, engine)
            seen += [_expired(engine) for _ in range(3)]
            folding.result()
    assert seen == sorted(seen)
    assert _expired(engine) == 30


def test_a_time_ahead_of_a_clock_that_was_set_back_is_corrected(engine):
    process = _Process(engine)
    process.counters.add(LEASES_EXPIRED)
    process.write()
    with engine.begin() as connection:
        connection.execute(text("UPDATE process_metrics SET seen_at = now() + interval '1 hour'"))
        assert correct_seen_times(connection, 5) == 1
        ahead = "SELECT count(*) FROM process_metrics WHERE seen_at > now()"
        assert connection.execute(text(ahead)).scalar_one() == 0
