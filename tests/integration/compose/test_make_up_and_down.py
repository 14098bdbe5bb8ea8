"""`make up`; for root in a folder that PostgreSQL's user cannot enter, as in one below /root."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from compose.services.postgres_data import home_elsewhere
from tests.eventually import eventually
from tests.integration.compose.checkout import Checkout, Up, checked_out

pytestmark = pytest.mark.slow

#: Runs for minutes.
LONG = 1_500_000_000

#: 127.0.0.1 and ::1, as proc(5) has them.
LOOPBACK = {"0100007F", "00000000000000000000000001000000"}


@pytest.fixture(scope="module")
def checkout() -> Iterator[Checkout]:
    with checked_out() as checkout:
        checkout.settings = {"RECKONER_LOCAL_QUICK": "2", "RECKONER_HEAVY_SLOTS": "2"}
        assert checkout.module("gateway.relay", "--check") != 0  # before anything runs
        yield checkout


class Ups:
    """Keeps it up from test to test, and starts it again after one that ended it."""

    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout
        self._up: Up | None = None

    def get(self) -> Up:
        """Return one that runs."""
        if self._up is None or not self._up.is_running:
            self._up = Up(self._checkout)
        return self._up

    def kill(self) -> None:
        """Kill the launcher of one that ran, and wait until nothing is left."""
        if self._up is None or self._up.is_running:
            up = self.get()
            os.kill(self._checkout.launcher, signal.SIGKILL)
            assert up.wait() != 0
            eventually(lambda: self._checkout.processes() == [], within_seconds=40)


@pytest.fixture(scope="module")
def ups(checkout: Checkout) -> Ups:
    return Ups(checkout)


@pytest.fixture
def up(ups: Ups) -> Up:
    return ups.get()


def test_make_worker_without_make_up_says_what_to_start_first(checkout):
    ended = checkout.run("make", "worker")
    assert ended.returncode != 0
    assert "make up" in ended.stderr


def test_each_lane_computes(checkout, up):
    assert checkout.compute(77)["result"]["value"] == "5527939700884757"
    quick, heavy = checkout.compute(200_000), checkout.compute(9_000_000)
    assert (quick["lane"], quick["status"]) == ("quick", "succeeded")
    assert (heavy["lane"], heavy["status"]) == ("heavy", "succeeded")
    assert len(checkout.client.get(heavy["links"]["result"]).text) == heavy["result"]["digits"]


def test_the_addresses_and_the_login_are_shown(checkout, up):
    ports = checkout.ports
    for shown in (
        f"http://localhost:{ports['port']}",
        f"http://localhost:{ports['management_port']}",
    ):
        assert shown in up.output()
    assert (checkout.state / "rabbitmq/admin-password").read_text().strip() in up.output()


def test_settings_of_the_user_reach_the_workers(checkout, up):
    def are_as_set() -> bool:
        found = sorted((one["lane"], one["slots"]) for one in checkout.system()["workers"])
        assert [lane for lane, _ in found] == ["heavy", "quick", "quick"], found
        return found[0] == ("heavy", 2)

    eventually(are_as_set)


def test_servers_may_open_more_files_than_a_shell_allows(checkout, up):
    for name in ("gateway", "postgres", "nginx"):
        limits = Path(f"/proc/{checkout.pid_of(name)}/limits").read_text()
        found = re.search(r"^Max open files +(\d+)", limits, re.MULTILINE)
        assert found is not None
        assert int(found[1]) > 1_024


def test_nothing_listens_beyond_this_machine(checkout, up):
    listened = listening(checkout.processes())
    assert {port for _, port in listened} >= set(checkout.ports.values())
    assert {address for address, _ in listened} <= LOOPBACK


def test_only_the_owner_may_read_passwords(checkout, up):
    files = [checkout.state / "reckoner.env", checkout.state / "rabbitmq/rabbitmq.conf"]
    files += [checkout.state / "keys.env", checkout.state / "rabbitmq/definitions.json"]
    files += checkout.state.glob("*/*password")
    assert len(files) == 9
    assert {file.stat().st_mode & 0o077 for file in files} == {0}


def test_the_start_is_quiet_and_has_a_line_for_each_step(checkout, up):
    before, _, after = up.output().partition("Reckoner is ready")
    steps = re.findall(r"^  \S+ (\S.*?) +\d+\.\d s", before, re.MULTILINE)
    for step in (
        *("programs", ".venv", "PostgreSQL", "schema", "gateway"),
        *("NGINX", "RabbitMQ", "relay", "workers"),
    ):
        assert steps.count(step) == 1, before
    assert " | " not in before, "no log lines"
    assert f"  http://localhost:{checkout.ports['port']}/" in after.splitlines()


def test_make_logs_shows_lines_with_the_name_of_their_program_and_those_that_follow(checkout, up):
    file = checkout.folder / "logs"
    with file.open("wb") as output:
        logs = checkout.begin("make", "logs", stdout=output)

    def names() -> set[str]:
        return {line.partition(" | ")[0].strip() for line in file.read_text().splitlines()}

    ours = {"gateway", "relay", "quick-1", "quick-2", "heavy"}
    eventually(lambda: ours <= names(), what="a line of each")
    assert names() <= ours | {"reckoner", "migrations", "postgres", "rabbitmq", "nginx"}
    later = checkout.compute(200_001)
    eventually(lambda: later["id"] in file.read_text())
    os.killpg(logs.pid, signal.SIGINT)  # as Ctrl-C does
    logs.wait(20)


def test_a_second_start_is_refused_and_the_first_keeps_running(checkout, up):
    second = checkout.run("make", "up")
    assert second.returncode != 0
    assert str(checkout.launcher) in second.stderr
    assert up.is_running
    assert checkout.is_ready()


def test_make_clean_refuses_while_it_runs(checkout, up):
    assert checkout.run("make", "clean").returncode != 0
    assert Path(checkout.python).exists()
    assert checkout.is_ready()


def test_the_health_commands_succeed(checkout, up):
    assert checkout.module("gateway.relay", "--check") == 0
    assert checkout.module("workers.health") == 0


@pytest.mark.parametrize("name", ["relay", "heavy", "gateway", "nginx", "postgres"])
def test_a_program_that_dies_is_restarted(checkout, up, name):
    killed = checkout.pid_of(name)
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: checkout.pid_of(name) not in (None, killed), what=f"another {name}")
    assert f"{name} ended (signal 9)" in up.output()
    eventually(checkout.is_ready)


def test_it_computes_after_all_these_deaths(checkout, up):
    assert checkout.compute(9_000_001, seconds=60)["status"] == "succeeded"


def test_another_worker_takes_its_share_until_it_is_stopped(checkout, up):
    def workers() -> int:
        return sum(worker["lane"] == "quick" for worker in checkout.system()["workers"])

    before = workers()
    further = checkout.begin("make", "worker", "LANE=quick")
    eventually(lambda: workers() == before + 1)
    os.killpg(further.pid, signal.SIGINT)  # as Ctrl-C does
    further.wait(20)
    eventually(lambda: workers() == before, within_seconds=5)


def test_sigterm_stops_it_and_the_state_survives(checkout, up, ups):
    done, before = checkout.compute(9_000_000), checkout.compute(LONG, seconds=0)
    path = before["links"]["self"]
    eventually(lambda: checkout.client.get(path).json()["status"] == "running")
    up.make.send_signal(signal.SIGTERM)  # make passes it on
    up.wait()
    assert "Stopped, after" in up.output()
    assert checkout.processes() == []
    logs = checkout.run("make", "logs")
    assert (logs.returncode, "reckoner   | Stopped, after" in logs.stdout) == (0, True)
    assert list(checkout.state.glob("*/*.process")) == []

    ups.get()
    after = checkout.client.get(path).json()
    assert [entry["outcome"] for entry in after["history"]][:1] == ["released"]
    assert checkout.client.get(done["links"]["self"]).json()["finished_at"] == done["finished_at"]
    checkout.client.delete(path)


def test_nothing_outlives_a_killed_launcher(checkout, up, ups):
    checkout.compute(LONG + 1, seconds=0)
    eventually(lambda: any(worker["running"] for worker in checkout.system()["workers"]))
    ups.kill()


def test_make_clean_deletes_everything_it_kept(checkout, ups):
    ups.kill()
    assert checkout.run("make", "clean").returncode == 0
    assert not checkout.state.exists()
    assert not home_elsewhere(checkout.state / "postgres").exists()
    assert not (checkout.folder / ".venv").exists()
    checkout.make_virtual_environment()  # for tests that come after this one


def listening(pids: list[int]) -> set[tuple[str, int]]:
    """Return the addresses, as the kernel writes them, and ports that these processes listen on."""
    inodes = set()
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            try:
                inodes.add(str(link.readlink()))
            except OSError:
                continue
    listened = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == "0A" and f"socket:[{columns[9]}]" in inodes:
                address, _, port = columns[1].rpartition(":")
                listened.add((address, int(port, 16)))
    return listened
