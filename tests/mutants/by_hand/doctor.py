"""Faults in `reckoner doctor`, each of which hides what it should find."""

from functools import partial

from tests.mutants.mutation import mutation

_DOCTOR = "reckoner/cli/operating/doctor"
_POSTGRES = "integration/cli/doctor/test_postgres.py"
_RABBITMQ = "integration/cli/doctor/test_rabbitmq.py"
_PROCESSES = "integration/cli/doctor/test_processes.py"
_LIVE = "integration/cli/doctor/test_going_live.py"
_SERVICE = "integration/cli/doctor/test_service.py"
_RUNNING = "unit/reckoner/cli/operating/test_doctor.py"
_MIGRATE = "integration/cli/test_migrate.py"

_postgres = partial(mutation, f"{_DOCTOR}/postgres.py")
_rabbitmq = partial(mutation, f"{_DOCTOR}/rabbitmq.py")
_processes = partial(mutation, f"{_DOCTOR}/processes.py")
_relays = partial(mutation, "shared/diagnosis/relays.py")
_workers = partial(mutation, "shared/diagnosis/workers.py")
_live = partial(mutation, f"{_DOCTOR}/going_live.py")
_running = partial(mutation, f"{_DOCTOR}/running.py")
_storage = partial(mutation, f"{_DOCTOR}/storage.py")
_service = partial(mutation, f"{_DOCTOR}/service.py")
_migrate = partial(mutation, "reckoner/cli/operating/migrate.py")

MUTATIONS = [
    _postgres("    if server.is_standby:\n", "    if False:\n", _POSTGRES),
    _postgres("    if not server.has_fsync:\n", "    if False:\n", _POSTGRES),
    _postgres('server.synchronous_commit == "off"', "False", _POSTGRES),
    _postgres("    if not server.has_autovacuum:\n", "    if False:\n", _POSTGRES),
    _postgres("abs(ahead) > _CLOCK_SECONDS", "ahead > _CLOCK_SECONDS", _POSTGRES),
    _postgres("    if needed > server.connections:\n", "    if False:\n", _POSTGRES),
    _postgres("if schema.fault is not None:", "if False:", _POSTGRES),
    _postgres('column.rstrip(")") or None', "None", _POSTGRES),
    mutation("shared/store/server.py", "      AND NOT CASE WHEN", "      AND CASE WHEN", _POSTGRES),
    _rabbitmq("return reasons[0] if reasons else None", "return None", _RABBITMQ),
    _rabbitmq(
        "            continue\n        try:\n", "            return\n        try:\n", _RABBITMQ
    ),
    _rabbitmq("if dead is not None and dead.message_count:", "if False:", _RABBITMQ),
    _rabbitmq("not queue.consumer_count and", "queue.consumer_count and", _RABBITMQ),
    _relays("    if not alive:\n", "    if False:\n", _PROCESSES),
    _workers("if missing := installed - somewhere:", "if missing := set():", _PROCESSES),
    _workers("if partly := somewhere - everywhere:", "if partly := set():", _PROCESSES),
    _processes("oldest < VERSION", "False", _PROCESSES),
    _relays("outbox.age_seconds > OUTBOX_SECONDS", "False", _PROCESSES),
    _storage("usage.free < min(", "usage.free < 0 * min(", _PROCESSES),
    mutation(
        "shared/diagnosis/storage.py", "if storage.fault is not None:", "if False:", _PROCESSES
    ),
    _live(" if not key.is_expired(now)", "", _LIVE),
    _live("with_revoked=False", "with_revoked=True", _LIVE),
    _live("key.expires_at - now < _SOON", "False", _LIVE),
    _live("level = fault if is_production else warning", "level = warning", _LIVE),
    _live("or len(password) < _LEAST_PASSWORD_CHARACTERS", "", _LIVE),
    _service('if state != "ok"}', 'if state == "no"}', _SERVICE),
    _service('document.get("problems", [])', "[]", _SERVICE),
    _running("[*findings, late] if is_late", "[late] if is_late", _RUNNING),
    _running("max(0.0, until - time.monotonic())", "None", _RUNNING),
    mutation(f"{_DOCTOR}/__init__.py", "is Level.FAULT:", "is Level.WARNING:", _RUNNING),
    _migrate("        if status != 0:\n", "        if False:\n", _MIGRATE),
    _migrate("    if schema.fault is not None:\n", "    if False:\n", _MIGRATE),
]
