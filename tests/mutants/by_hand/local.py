"""Faults in `make up` (compose/), in the logs, in settings, and in commands."""

from tests.mutants.mutation import mutation

_SUPERVISOR = "compose/local/supervisor.py"
_PROCESSES = "compose/services/processes.py"
_LEFTOVERS = "compose/services/leftovers.py"
_SCREEN = "compose/local/terminal/screen.py"
_LOGS = "shared/logs/json_lines.py"
_CONFIG = "shared/config/settings.py"
_HEALTH = "workers/health.py"

_UP = "integration/compose/test_make_up_and_down.py"
_TERMINAL = "integration/compose/test_make_up_in_a_terminal.py"
_WORKER_HEALTH = "integration/workers/test_worker_health.py"
_COMMANDS = "integration/cli/test_commands.py"

MUTATIONS = [
    mutation(
        _SUPERVISOR,
        "watch.delay = min(2 * watch.delay, LAST_DELAY_SECONDS)",
        "watch.delay = min(watch.delay, LAST_DELAY_SECONDS)",
        "unit/compose/test_supervisor.py",
    ),
    mutation(_SUPERVISOR, "elif now >= watch.due_at:", "else:", "unit/compose/test_supervisor.py"),
    mutation(
        _PROCESSES,
        "                start_new_session=True,\n",
        "",
        "unit/compose/test_processes.py",
    ),
    mutation(
        _PROCESSES,
        '"--pdeathsig", self._stop_plan[0][0].name.removeprefix("SIG")',
        '"--no-new-privs"',
        "unit/compose/test_processes.py::test_the_death_of_the_launcher_stops_its_programs",
    ),
    mutation(
        _PROCESSES,
        "min(seconds, _HURRIED_SECONDS) if hurry() else seconds",
        "seconds",
        "unit/compose/test_processes.py::test_a_fast_stop_shortens_one_that_has_begun",
    ),
    mutation(
        _LEFTOVERS,
        "if boot == process_table.boot_id():",
        "if boot:",
        "unit/compose/test_processes.py::test_a_record_of_another_boot_ends_nothing",
    ),
    mutation(
        "compose/services/process_table.py",
        "entry.pid == leader and not _is_same(entry.started, started)",
        "entry.pid == leader and _is_same(entry.started, -started)",
        "unit/compose/test_processes.py::test_another_program_with_the_same_process_id_is_left_alone",
    ),
    mutation(
        "compose/services/process_table.py",
        "in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)",
        "in (psutil.STATUS_DEAD,)",
        "unit/compose/test_processes.py::test_a_zombie_is_not_alive",
    ),
    mutation(
        "compose/services/ports.py",
        'return f"{psutil.Process(pid).name()}, process {pid}"',
        "return None",
        "unit/compose/test_private_services.py::test_the_holder_of_a_port_is_named",
    ),
    mutation(
        _SCREEN,
        "self._lines.put_nowait(line)",
        "self._lines.put(line)",
        "unit/compose/test_screen.py",
    ),
    mutation(
        "compose/services/rabbitmq.py",
        "[rabbit_event,rabbit_mgmt_db_handler,[]]",
        "[rabbit_event,rabbit_management_db_handler,[]]",
        "integration/test_rabbitmq_stop.py",
    ),
    mutation(
        "compose/local/logs/log_pipes.py",
        "rest[:] = last",
        "rest.clear()",
        "unit/compose/test_output.py",
    ),
    mutation(
        "compose/local/logs/log_file.py",
        "self._path.replace(older(self._path))",
        "pass",
        "unit/compose/test_output.py::test_the_files_of_the_log_have_an_upper_bound",
    ),
    mutation(
        "compose/local/stops.py",
        "all(ended[step].is_set() for step in stop.after) or hurry()",
        "True",
        "unit/compose/test_stops.py::test_each_is_stopped_after_what_needs_it",
    ),
    mutation(
        "compose/local/stop_signals.py",
        "if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:",
        "if True:",
        "unit/compose/test_stop_signals.py",
    ),
    mutation(
        "compose/local/state_folder.py",
        "fcntl.LOCK_EX | fcntl.LOCK_NB",
        "fcntl.LOCK_SH | fcntl.LOCK_NB",
        "unit/compose/test_state_folder.py",
    ),
    mutation(
        "compose/local/launcher.py",
        'after=["gateway", "relay and workers"]',
        "after=[]",
        f"{_UP}::test_sigterm_stops_it_and_the_state_survives",
    ),
    mutation(
        "compose/local/launcher.py",
        "if process.exit_status != 0:",
        "if process.exit_status is None:",
        f"{_TERMINAL}::test_a_failing_migration_ends_the_start",
    ),
    mutation(
        "compose/local/own_processes.py",
        "                **own,\n",
        "",
        f"{_UP}::test_settings_of_the_user_reach_the_workers",
    ),
    mutation(
        "compose/local/__main__.py",
        "    except StopRequested:\n        pass\n",
        "",
        f"{_TERMINAL}::test_a_stop_during_the_start_is_no_failure",
    ),
    mutation(
        "compose/local/clean.py",
        '            Postgres(STATE / "postgres", 0).remove()\n',
        "",
        f"{_UP}::test_make_clean_deletes_everything_it_kept",
    ),
    mutation(
        "compose/services/rabbitmq_node.py",
        "inet_dist_use_interface {127,0,0,1}",
        "inet_dist_use_interface {0,0,0,0}",
        f"{_UP}::test_nothing_listens_beyond_this_machine",
    ),
    mutation(
        _LOGS,
        "datetime.fromtimestamp(record.created, UTC)",
        "datetime.fromtimestamp(record.created)",
        "unit/shared/logs/test_lines.py",
    ),
    mutation(_LOGS, "if record.exc_info:", "if record.exc_text:", "unit/shared/logs/test_lines.py"),
    mutation(
        _CONFIG,
        "Path(path).read_text().strip()",
        "Path(path).read_text()",
        "unit/shared/config/test_secrets.py",
    ),
    mutation(
        "shared/config/contradictions.py", "< 3 * ", "< 2 * ", "unit/shared/config/test_settings.py"
    ),
    mutation(_HEALTH, "max(checked.items()", "min(checked.items()", _WORKER_HEALTH),
    mutation(_HEALTH, "lane in (None, worker_lane)", "True", _WORKER_HEALTH),
    mutation(_HEALTH, "worker_pid == pid if pid else ", "", _WORKER_HEALTH),
    mutation(_HEALTH, "if pid else _is_running(worker_pid)", "if pid else True", _WORKER_HEALTH),
    mutation(_HEALTH, "sys.exit(fault)", "sys.exit(bool(fault) and 0)", _WORKER_HEALTH),
    mutation(
        "reckoner/cli/__main__.py",
        "            if package in OUR_PACKAGES:\n                raise\n",
        "            raise\n",
        _COMMANDS,
    ),
]
