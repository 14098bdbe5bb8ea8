"""Faults in the logs: what they name, and the way of a request's context to the worker."""

from tests.mutants.mutation import mutation

_FOLLOWED = "e2e/test_logs.py"
_TRACES = "unit/gateway/http/test_trace_context.py"
_MESSAGES = "unit/shared/test_messages.py"
_STORED = "integration/store/test_request_context.py"
_CALCULATIONS = "unit/shared/logs/test_calculations.py"
_LINES = "unit/shared/logs/test_lines.py"
_TEXT = "unit/shared/logs/test_text.py"

MUTATIONS = [
    mutation("gateway/http/trace_context.py", 'version == "ff" or ', "", _TRACES),
    mutation("gateway/http/trace_context.py", " & _SAMPLED", "", _TRACES),
    mutation("gateway/http/trace_context.py", ' or not trace_id.strip("0")', "", _TRACES),
    mutation("gateway/http/trace_context.py", 'f"00-{trace_id}', 'f"{version}-{trace_id}', _TRACES),
    mutation("shared/messages.py", "    if version >= VERSION:\n", "    if True:\n", _MESSAGES),
    mutation("shared/messages.py", "} if not rest or has_context:", "}:", _MESSAGES),
    mutation("shared/messages.py", "not members.keys() <= set(_CONTEXT)", "False", _MESSAGES),
    mutation("shared/store/calculations.py", "        traceparent = :traceparent,\n", "", _STORED),
    mutation(
        "shared/store/outbox/outbox.py",
        "coalesce(queued_by, submitted_by) AS key_name",
        "submitted_by AS key_name",
        _STORED,
    ),
    mutation(
        "shared/store/leases.py",
        "coalesce(queued_by, submitted_by), traceparent",
        "NULL, NULL",
        _STORED,
    ),
    mutation(
        "shared/store/presence.py",
        "min(coalesce(message_version",
        "max(coalesce(message_version",
        "integration/gateway/relay/test_message_version.py",
    ),
    mutation(
        "gateway/relay/message_version.py",
        "min(oldest, VERSION)",
        "oldest",
        "integration/gateway/relay/test_message_version.py",
    ),
    mutation("gateway/relay/lane.py", "        self._log.add(published)\n", "", _FOLLOWED),
    mutation(
        "workers/quick/group_commit.py",
        "        self._log.add([works[identity] for identity in succeeded.ids])\n",
        "",
        _FOLLOWED,
    ),
    mutation("gateway/routes/calculations.py", ", read_traceparent(req)\n", "\n", _FOLLOWED),
    mutation(
        "shared/logs/members.py",
        "_TRACE_ID = slice(3, 35)",
        "_TRACE_ID = slice(0, 55)",
        _CALCULATIONS,
    ),
    mutation(
        "shared/logs/members.py",
        "range(0, len(calculations), LINE_CALCULATIONS)",
        "(0,)",
        _CALCULATIONS,
    ),
    mutation("shared/logs/bundles.py", "if one.traceparent is not None", "if False", _CALCULATIONS),
    mutation(
        "shared/logs/bundles.py", "            atexit.register(self.flush)\n", "", _CALCULATIONS
    ),
    mutation("shared/logs/bundles.py", "min(float(NAMED_AT_ONCE), ", "(", _CALCULATIONS),
    mutation(
        "shared/logs/bundles.py", "                self._is_needed.set()\n", "", _CALCULATIONS
    ),
    mutation("shared/logs/set_up.py", 'os.environ.get("NO_COLOR") or ', "", _LINES),
    mutation("shared/logs/set_up.py", "sys.stderr.isatty())\n", "True)\n", _LINES),
    mutation(
        "shared/logs/set_up.py", "    threading.excepthook = _log_uncaught_in_thread\n", "", _LINES
    ),
    mutation("shared/logs/text_lines.py", '.replace("\\n", "\\n    ")', "", _TEXT),
    mutation("shared/logs/text_lines.py", '.replace("\\n", "\\\\n")', "", _TEXT),
    mutation(
        "shared/logs/text_lines.py", "return _UNSAFE.sub(", "return text or _UNSAFE.sub(", _TEXT
    ),
]
