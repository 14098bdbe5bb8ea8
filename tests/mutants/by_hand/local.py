"""Faults in `make up` (compose/), in the logs, in settings, and in commands."""

from tests.mutants.mutation import mutation

_SUPERVISOR = "compose/services/supervisor.py"
_PROCESSES = "compose/services/processes.py"
_LEFTOVERS = "compose/services/leftovers.py"
_VIEW = "compose/services/log_view.py"
_LOGS = "shared/logs.py"
_CONFIG = "shared/config.py"
_HEALTH = "workers/health.py"

_UP = "integration/test_make_up.py"
_TERMINAL = "integration/test_make_up_in_a_terminal.py"
_COMMANDS = "integration/test_commands.py"

MUTATIONS = [
    mutation(
        _SUPERVISOR,
        "watch.delay = min(2 * watch.delay, LAST_DELAY_SECONDS)",
        "watch.delay = min(watch.delay, LAST_DELAY_SECONDS)",
        "unit/test_supervisor.py",
    ),
    mutation(
        _SUPERVISOR,
        "watch.delay = min(2 * watch.delay, LAST_DELAY_SECONDS)",
        "watch.delay = 2 * watch.delay",
        "unit/test_supervisor.py",
    ),
    mutation(
        _SUPERVISOR,
        "now - watch.started_at >= STEADY_SECONDS",
        "now - watch.started_at < STEADY_SECONDS",
        "unit/test_supervisor.py",
    ),
    mutation(_SUPERVISOR, "elif now >= watch.due_at:", "else:", "unit/test_supervisor.py"),
    mutation(
        _SUPERVISOR,
        "            watch.started_at, watch.due_at = now, None\n",
        "            watch.started_at = now\n",
        "unit/test_supervisor.py",
    ),
    mutation(
        _SUPERVISOR,
        "            if not program.running:\n                problem",
        "            if program.exit_status == 0:\n                problem",
        "unit/test_supervisor.py",
    ),
    mutation(
        _PROCESSES,
        "                start_new_session=True,\n",
        "",
        "unit/test_processes.py",
    ),
    mutation(
        _PROCESSES,
        '"--pdeathsig", self._stop_plan[0][0].name.removeprefix("SIG")',
        '"--no-new-privs"',
        "unit/test_processes.py::test_the_death_of_the_launcher_is_a_stop_for_its_programs",
    ),
    mutation(
        _PROCESSES,
        "min(seconds, _HURRIED_SECONDS) if hurry() else seconds",
        "seconds",
        "unit/test_processes.py::test_a_hurry_shortens_a_stop_that_has_begun",
    ),
    mutation(
        _PROCESSES,
        "        self._record.unlink(missing_ok=True)\n",
        "",
        "unit/test_processes.py::test_a_record_is_there_as_long_as_the_program",
    ),
    mutation(
        _PROCESSES,
        "        self.kill()\n        self._child = _spawner()",
        "        self._child = _spawner()",
        "unit/test_processes.py",
    ),
    mutation(
        _LEFTOVERS,
        "if boot == process_table.boot_id():",
        "if boot:",
        "unit/test_processes.py::test_the_number_of_another_boot_tells_nothing",
    ),
    mutation(
        _LEFTOVERS,
        " if led or process_table.working_folder(e.pid) == folder",
        "",
        "unit/test_processes.py::test_a_session_without_its_leader_is_known_by_its_folder",
    ),
    mutation(
        _LEFTOVERS,
        "while remaining and time.monotonic() < give_up:",
        "while False:",
        "unit/test_processes.py::test_what_needs_a_moment_to_end_is_given_it",
    ),
    mutation(
        "compose/services/process_table.py",
        "entry.pid == leader and entry.started != started",
        "entry.pid == leader and entry.started == -started",
        "unit/test_processes.py::test_a_stranger_who_has_the_number_now_is_left_alone",
    ),
    mutation(
        "compose/services/process_table.py",
        'text.rpartition(")")',
        'text.partition(")")',
        "unit/test_processes.py::test_the_name_of_a_program_may_hold_anything",
    ),
    mutation(
        _VIEW,
        "self._lines.put_nowait(self._names[name] + line",
        "self._lines.put(self._names[name] + line",
        "unit/test_log_view.py",
    ),
    mutation(_VIEW, "rest[:] = last", "rest.clear()", "unit/test_log_view.py"),
    mutation(_VIEW, "self._left_out += 1", "pass", "unit/test_log_view.py"),
    mutation(
        _VIEW,
        "if not ready and self._closing.is_set():",
        "if self._closing.is_set():",
        "unit/test_log_view.py",
    ),
    mutation(
        "compose/services/programs.py",
        ", key=_by_version)",
        ")",
        "unit/test_private_services.py",
    ),
    mutation(
        "compose/services/nginx.py",
        '        shutil.rmtree(self.folder / "cache", ignore_errors=True)\n',
        "",
        "unit/test_private_services.py",
    ),
    mutation(
        "compose/services/credentials.py",
        "        draft.unlink(missing_ok=True)\n",
        "",
        "unit/test_private_services.py",
    ),
    mutation(
        "compose/services/ports.py",
        "probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)",
        "probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)",
        "unit/test_local_settings.py",
    ),
    mutation(
        "compose/local_settings.py",
        "(1, 65_535) if field in",
        "(0, 65_535) if field in",
        "unit/test_local_settings.py",
    ),
    mutation(
        "compose/stop_signals.py",
        "now - self._first > _SECOND_AFTER_SECONDS",
        "now - self._first > 0",
        "unit/test_stop_signals.py",
    ),
    mutation(
        "compose/stop_signals.py",
        "if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:",
        "if True:",
        "unit/test_stop_signals.py",
    ),
    mutation(
        "compose/state_folder.py",
        "fcntl.LOCK_EX | fcntl.LOCK_NB",
        "fcntl.LOCK_SH | fcntl.LOCK_NB",
        "unit/test_state_folder.py",
    ),
    mutation(
        "compose/state_folder.py",
        "if state.stat().st_uid != os.geteuid():",
        "if False:",
        "unit/test_state_folder.py::test_another_users_folder_is_refused",
    ),
    mutation(
        "compose/local.py",
        "    return 1\n",
        "    return 0\n",
        f"{_UP}::test_a_second_start_is_refused_and_the_first_goes_on",
    ),
    mutation(
        "compose/launcher.py",
        "            [self.nginx],\n            [self._gateway],\n",
        "            [self.postgres],\n            [self.nginx],\n            [self._gateway],\n",
        f"{_UP}::test_sigterm_stops_it_and_the_state_survives",
    ),
    mutation(
        "compose/launcher.py",
        "if self._migrations.exit_status != 0:",
        "if self._migrations.exit_status is None:",
        f"{_TERMINAL}::test_a_schema_that_cannot_be_brought_up_to_date_ends_the_start",
    ),
    mutation(
        "compose/launcher.py", "**own, ", "", f"{_UP}::test_what_a_user_sets_reaches_the_workers"
    ),
    mutation(
        "compose/local.py",
        "    _allow_many_files()\n",
        "",
        f"{_UP}::test_servers_may_open_more_files_than_a_shell_allows",
    ),
    mutation("compose/local.py", "range(3)", "range(2)", "unit/test_standard_streams.py"),
    mutation(
        "compose/local.py",
        "    except StopRequested:\n        pass\n",
        "",
        f"{_TERMINAL}::test_a_stop_while_it_starts_is_no_failure",
    ),
    mutation(
        "compose/clean.py",
        '            Postgres(STATE / "postgres", 0).remove()\n',
        "",
        f"{_UP}::test_make_clean_deletes_all_that_it_kept",
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
        "unit/test_logs.py",
    ),
    mutation(
        _LOGS, "root.handlers[:] = [handler]", "root.addHandler(handler)", "unit/test_logs.py"
    ),
    mutation(_LOGS, "if record.exc_info:", "if record.exc_text:", "unit/test_logs.py"),
    mutation(
        _LOGS,
        "if name not in _STANDARD and value is not None:",
        "if name not in _STANDARD:",
        "unit/test_logs.py",
    ),
    mutation(
        _LOGS,
        'logging.getLogger("pika").setLevel(logging.CRITICAL)',
        'logging.getLogger("pika").setLevel(logging.ERROR)',
        "unit/test_logs.py",
    ),
    mutation(
        _CONFIG,
        "Path(path).read_text().strip()",
        "Path(path).read_text()",
        "unit/test_config.py",
    ),
    mutation(_CONFIG, "< 3 * ", "< 2 * ", "unit/test_config.py"),
    mutation(
        _CONFIG,
        "return url.set(password=self.database_password)",
        "return url",
        "unit/test_config.py",
    ),
    mutation(_CONFIG, " or url.password is not None:", ":", "unit/test_config.py"),
    mutation(_HEALTH, "if all(", "if any(", _COMMANDS),
    mutation(_HEALTH, "_SILENT_SECONDS = 15", "_SILENT_SECONDS = 17", _COMMANDS),
    mutation(_HEALTH, "sys.exit(fault)", "sys.exit(bool(fault) and 0)", _COMMANDS),
    mutation("gateway/command.py", "required=True", "required=False", _COMMANDS),
]
