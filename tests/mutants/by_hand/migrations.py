"""Faults in how migrations run: their lock, their retries, and Alembic's own command."""

from functools import partial

from tests.mutants.mutation import mutation

_ALEMBIC = "integration/migrations/test_alembic.py"
_RETRIES = "unit/migrations/test_migration_retries.py"

_env = partial(mutation, "migrations/env.py")
_retrying = partial(mutation, "migrations/retrying.py")
_session = partial(mutation, "migrations/session.py")

MUTATIONS = [
    _env(
        "            refuse_unknown(read_schema(connection))\n",
        "",
        f"{_ALEMBIC}::test_a_newer_database_is_refused_in_one_line",
    ),
    _env(
        "        process_revision_directives=_number_revision,\n",
        "",
        f"{_ALEMBIC}::test_a_migration_that_is_generated_from_the_models_is_numbered_and_empty",
    ),
    _env(
        "        target_metadata=metadata,\n        transaction_per_migration=True,\n        on",
        "        transaction_per_migration=True,\n        on",
        f"{_ALEMBIC}::test_a_migration_that_is_generated_from_the_models_is_numbered_and_empty",
    ),
    _env(
        "elif status := _migrate_by_settings():\n    sys.exit(status)\n",
        "else:\n    _migrate_by_settings()\n",
        f"{_ALEMBIC}::test_a_newer_database_is_refused_in_one_line",
    ),
    _retrying(
        "if failing_since is None or failing_since < report.progress_at:",
        "if failing_since is None:",
        f"{_RETRIES}::test_the_time_to_give_up_starts_again_with_each_completed_migration",
    ),
    _retrying("since >= GIVE_UP_SECONDS:", "since >= 10 * GIVE_UP_SECONDS:", _RETRIES),
    _session(
        'text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK}',
        'text("SELECT 1")',
        f"{_ALEMBIC}::test_alembic_waits_for_another_migration_and_says_so",
    ),
]
