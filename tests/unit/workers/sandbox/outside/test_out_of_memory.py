"""The kernel's count of the processes that it killed for lack of memory."""

import pytest

from workers.sandbox.outside.out_of_memory import count_oom_kills, read_oom_kills


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("low 0\nhigh 0\nmax 7\noom 2\noom_kill 3\noom_group_kill 1\n", 3),  # memory.events
        ("oom_kill_disable 0\nunder_oom 0\noom_kill 5\n", 5),  # memory.oom_control
        ("nr_free_pages 9\noom_kill 8\n", 8),  # /proc/vmstat
        ("oom_kill_disable 0\nunder_oom 0\n", None),
    ],
)
def test_the_count_is_read_from_each_kind_of_file(tmp_path, text, count):
    (tmp_path / "counter").write_text(text)
    assert read_oom_kills(tmp_path / "counter") == count
    assert read_oom_kills(tmp_path / "none") is None


def test_this_machine_has_a_count():
    assert count_oom_kills() >= 0
