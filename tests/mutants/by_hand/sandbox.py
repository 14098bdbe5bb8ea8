"""Faults in the sandbox of heavy calculations: child processes, their limits and their ends."""

from functools import partial

from tests.mutants.mutation import mutation

_DESCENDANTS = "unit/workers/sandbox/test_descendants.py"
_DIGITS = "unit/workers/sandbox/test_digits.py"
_EXITS = "unit/workers/sandbox/test_exit_reasons.py"
_LIMITS = "unit/workers/sandbox/test_limits.py"
_PROTOCOL = "unit/workers/sandbox/test_protocol.py"
_SPARES = "unit/workers/sandbox/test_spares.py"
_UNTRUSTED = "integration/workers/heavy/test_untrusted_child.py"

_child = partial(mutation, "workers/sandbox/child.py")
_descendants = partial(mutation, "workers/sandbox/descendants.py")
_exit_reasons = partial(mutation, "workers/sandbox/exit_reasons.py")
_parent = partial(mutation, "workers/sandbox/parent.py")
_process = partial(mutation, "workers/sandbox/process.py")
_protocol = partial(mutation, "workers/sandbox/protocol.py")
_spares = partial(mutation, "workers/sandbox/spares.py")

MUTATIONS = [
    _parent(
        "self._deadline += time.monotonic() - left_at",
        "pass",
        f"{_LIMITS}::test_time_that_the_reader_takes_does_not_count_as_the_childs",
    ),
    _process(
        "os.killpg(self.pid, signal.SIGKILL)",
        "os.kill(self.pid, signal.SIGKILL)",
        f"{_DESCENDANTS}::test_descendants_cannot_keep_a_dead_child_open",
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
    _descendants(
        "if pid not in _started and _is_limited(pid)]", "if _is_limited(pid)]", _DESCENDANTS
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
