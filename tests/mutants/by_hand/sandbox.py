"""Faults in the sandbox of heavy calculations: child processes, their limits and their ends."""

from functools import partial

from tests.mutants.mutation import mutation

_DESCENDANTS = "unit/workers/sandbox/outside/test_descendants.py"
_CHILDREN = "unit/workers/sandbox/outside/test_children.py"
_DIGITS = "unit/workers/sandbox/test_digits.py"
_EXITS = "unit/workers/sandbox/test_exit_reasons.py"
_LIMITS = "unit/workers/sandbox/test_limits.py"
_PROTOCOL = "unit/workers/sandbox/test_protocol.py"
_SPARES = "unit/workers/sandbox/outside/test_spares.py"
_TEMPLATE = "unit/workers/sandbox/inside/test_template.py"
_WORKER = "integration/workers/heavy/test_template.py"
_UNTRUSTED = "integration/workers/heavy/test_untrusted_child.py"

_children = partial(mutation, "workers/sandbox/outside/children.py")
_child = partial(mutation, "workers/sandbox/inside/child.py")
_descendants = partial(mutation, "workers/sandbox/outside/descendants.py")
_exit_reasons = partial(mutation, "workers/sandbox/exit_reasons.py")
_forks = partial(mutation, "workers/sandbox/outside/forks.py")
_parent = partial(mutation, "workers/sandbox/outside/parent.py")
_process = partial(mutation, "workers/sandbox/outside/process.py")
_protocol = partial(mutation, "workers/sandbox/protocol.py")
_spares = partial(mutation, "workers/sandbox/outside/spares.py")
_template = partial(mutation, "workers/sandbox/inside/template.py")

MUTATIONS = [
    _parent(
        "self._deadline += time.monotonic() - left_at",
        "pass",
        f"{_LIMITS}::test_time_that_the_reader_takes_does_not_count_as_the_childs",
    ),
    _process(
        "os.killpg(self.pid, signal.SIGKILL)",
        "os.kill(self.pid, signal.SIGKILL)",
        f"{_DESCENDANTS}::test_a_kill_reaches_all_of_the_childs_group_at_once",
    ),
    _process(
        "        kill_orphans()\n",
        "",
        f"{_DESCENDANTS}::test_what_left_its_session_and_its_parent_ends_with_its_calculation",
    ),
    _parent(
        "if hold_more_than(",
        "if False and hold_more_than(",
        f"{_LIMITS}::test_six_forks_have_no_more_memory_than_one_process",
    ),
    _descendants(
        "return held_bytes(pids) > limit_bytes",
        "return True",
        f"{_LIMITS}::test_memory_that_forks_share_counts_once",
    ),
    _descendants("_started.add(pid)", "pass", _DESCENDANTS),
    _descendants(
        "if _unsettled_forks else",
        "if False else",
        f"{_TEMPLATE}::test_a_fork_under_way_is_not_taken_for_one_that_comes_too_late",
    ),
    _descendants(
        "if _unsettled_forks else",
        "if True else",
        f"{_TEMPLATE}::test_a_fork_that_comes_too_late_is_killed_and_reaped",
    ),
    _template(
        "    signal.signal(signal.SIGCHLD, signal.SIG_DFL)\n",
        "",
        f"{_TEMPLATE}::test_what_a_package_does_to_the_process_harms_no_other_function",
    ),
    _template(
        "    renew_standard_files()\n",
        "",
        f"{_TEMPLATE}::test_what_a_package_does_to_the_process_harms_no_other_function",
    ),
    _template(
        "        _reseed()\n", "", f"{_TEMPLATE}::test_each_fork_has_random_numbers_of_its_own"
    ),
    _template(
        "        os.dup2(pipe, descriptor)\n    _close(requests)\n",
        "        os.dup2(pipe, descriptor)\n",
        f"{_TEMPLATE}::test_a_fork_has_its_pipes_and_nothing_else_of_the_worker_or_of_other_forks",
    ),
    _template(
        "    die_with_parent()\n    exit_if_orphaned(worker_pid)\n",
        "",
        "unit/workers/sandbox/test_exits.py::test_a_child_ends_with_its_worker",
    ),
    _template(
        "    os.setsid()\n",
        "",
        f"{_TEMPLATE}::test_a_fork_is_the_workers_child_in_a_session_of_its_own",
    ),
    _template(
        "    os.waitpid(between, 0)\n",
        "",
        f"{_TEMPLATE}::test_two_hundred_calculations_leave_no_process_and_no_descriptor",
    ),
    _forks(
        "            self._kill_template()\n",
        "",
        f"{_TEMPLATE}::test_a_template_that_hangs_is_killed",
    ),
    _forks(
        "            ChildProcess(pid, self._pipes).close()\n",
        "            pass\n",
        f"{_TEMPLATE}::test_a_fork_that_is_not_wanted_is_reaped_although_another_waits",
    ),
    mutation(
        "workers/sandbox/limits.py",
        " if hard == resource.RLIM_INFINITY else hard - 1",
        "",
        f"{_TEMPLATE}::test_waiting_forks_are_nobodys_orphans_under_a_hard_limit_of_the_address_space",
    ),
    _children(
        "if not self.catalogue.threads:",
        "if True:",
        f"{_CHILDREN}::test_threads_of_packages_are_named_in_the_log",
    ),
    _children(
        "if not child.has_ended():",
        "if True:",
        f"{_CHILDREN}::test_a_fork_that_was_killed_while_it_waited_is_not_given_out",
    ),
    _children(
        "None if is_fresh else",
        "",
        f"{_CHILDREN}::test_functions_are_forked_unless_they_declare_that_they_cannot_be",
    ),
    _children(
        "return child or self._fresh.take()",
        "return child or self._take_fork()",
        f"{_CHILDREN}::test_a_template_that_was_killed_is_replaced_and_nothing_waits_for_it",
    ),
    mutation(
        "workers/sandbox/catalogue.py",
        "bool(names) or function.is_fresh",
        "function.is_fresh",
        f"{_TEMPLATE}::test_packages_that_start_threads_are_run_in_interpreters_of_their_own",
    ),
    mutation(
        "workers/lifecycle.py",
        "is_ready = self._lane.wait_until_ready(self._stopping)",
        "is_ready = True",
        f"{_WORKER}::test_a_worker_takes_no_work_before_its_functions_are_imported",
    ),
    mutation(
        "workers/heavy/computation.py",
        "min(declared.timeout_seconds or seconds, seconds)",
        "seconds",
        f"{_WORKER}::test_a_function_may_declare_less_than_the_settings_allow",
    ),
    _protocol(
        "if length > MAX_PAYLOAD:",
        "if length >= MAX_PAYLOAD:",
        f"{_DIGITS}::test_digits_arrive_whole_and_with_their_digest",
    ),
    _protocol("if len(self._buffer) < end:", "if len(self._buffer) <= end:", _PROTOCOL),
    _protocol("min(max(fraction, 0.0), 1.0)", "max(fraction, 0.0)", _PROTOCOL),
    _protocol(
        "reason in _CHILD_REASONS\n        ):",
        "True\n        ):",
        "integration/workers/heavy/test_untrusted_child.py",
    ),
    _child(
        "if os.getpid() != self._pid:",
        "if False:",
        f"{_DIGITS}::test_a_forgotten_fork_does_not_answer_twice",
    ),
    _child(
        "get(request.function, request.version)",
        "get(request.function)",
        f"{_DIGITS}::test_a_function_that_is_not_installed_is_gone",
    ),
    _child("    exit_if_orphaned(request.parent_pid)\n", "", _SPARES),
    _child(
        "        os.dup2(2, 1)\n",
        "",
        f"{_DIGITS}::test_nothing_that_a_function_prints_gets_among_its_digits",
    ),
    _spares("if not child.has_ended():", "if True:", _SPARES),
    _process(
        'if not k.startswith("RECKONER_")',
        "if k",
        f"{_LIMITS}::test_no_secret_of_the_service_reaches_the_child",
        f"{_TEMPLATE}::test_a_template_has_no_setting_in_its_environment",
    ),
    _exit_reasons(
        "status == -signal.SIGKILL and is_out_of_memory", "status == -signal.SIGKILL", _EXITS
    ),
    mutation(
        "shared/functions/registry.py",
        "version not in (None, function.version)",
        "False",
        f"{_DIGITS}::test_a_function_that_is_not_installed_is_gone",
    ),
]
