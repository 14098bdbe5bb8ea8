"""Faults in what each role of PostgreSQL and RabbitMQ may do, and in what closes a process."""

from functools import partial

from tests.mutants.mutation import mutation

_GRANTS = "integration/migrations/test_grants.py"
_LISTED = "unit/migrations/test_grants.py"
_RIGHTS = "integration/test_rabbitmq_rights.py"
_COMPOSE = "unit/compose/test_compose_file.py"
_CHOICE = "unit/compose/test_choice_of_keys.py"
_SETTINGS = "unit/shared/config/test_settings.py"
_LOCAL = "unit/compose/test_local_settings.py"

_grants = partial(mutation, "migrations/grants.py")
_sql = partial(mutation, "compose/postgres/roles.sql")
_users = partial(mutation, "compose/rabbitmq/definitions.py")
_yaml = partial(mutation, "compose/compose.yaml")

MUTATIONS = [
    _grants('"SELECT, UPDATE (last_used_on)"', '"SELECT, UPDATE"', _GRANTS),
    _grants('"sessions": "SELECT, INSERT, DELETE"', '"sessions": "SELECT, INSERT"', _GRANTS),
    _grants('"sessions": "SELECT, DELETE"', '"sessions": _ROWS', _GRANTS),
    _grants('        "relays": _ROWS,\n', "", _LISTED),
    _grants(
        '            connection.execute(text(f"REVOKE ALL ON {quoted} FROM {role}"))\n',
        "",
        f"{_GRANTS}::test_rights_that_somebody_granted_are_revoked_by_the_next_upgrade",
    ),
    mutation("migrations/env.py", "    apply_grants(connection)\n", "", _GRANTS),
    _sql(
        "ALTER ROLE reckoner_app LOGIN NOSUPERUSER ",
        "ALTER ROLE reckoner_app LOGIN ",
        f"{_GRANTS}::test_what_somebody_gave_the_roles_meanwhile_is_taken_at_the_next_start",
    ),
    _sql(
        "    PASSWORD :'app_password';\n",
        ";\n",
        f"{_GRANTS}::test_what_somebody_gave_the_roles_meanwhile_is_taken_at_the_next_start",
    ),
    _users('r"^(reckoner\\..*|amq\\.default)$"', '".*"', _RIGHTS),
    _users('"configure": r"^reckoner\\..*"', '"configure": r"reckoner\\..*"', _RIGHTS),
    _yaml("RECKONER_KEYS: ${RECKONER_KEYS:-on}", "RECKONER_KEYS: ${RECKONER_KEYS:-off}", _COMPOSE),
    _yaml("    mem_limit: ${RECKONER_GATEWAY_MEMORY:-1g}\n", "", _COMPOSE),
    _yaml("    depends_on: []\n", "", _COMPOSE),
    mutation("compose/upgrade.sh", "check_image_knows_keys\n", "", _CHOICE),
    mutation(
        "compose/postgres/20-passwords.sql", "SET log_min_duration_statement = -1;\n", "", _COMPOSE
    ),
    _yaml(
        "  volumes:\n    - app-secret:/run/secrets/app:ro,nocopy\n",
        "  volumes:\n    - keys-secret:/run/keys:ro,nocopy\n"
        "    - app-secret:/run/secrets/app:ro,nocopy\n",
        _COMPOSE,
    ),
    mutation(
        "shared/config/contradictions.py",
        'if values["keys"] == "off" and not is_loopback(',
        'if values["keys"] == "none" and not is_loopback(',
        _SETTINGS,
    ),
    mutation("shared/config/ip_addresses.py", ".is_loopback\n", ".is_private\n", _SETTINGS),
    mutation(
        "compose/local/settings.py",
        "if not (checked.are_keys_on or is_loopback(settings.host)):",
        "if not (checked.are_keys_on or settings.host):",
        _LOCAL,
    ),
    mutation(
        "shared/startup.py",
        "    close_memory()\n",
        "",
        "integration/test_closed_memory.py::test_a_process_is_closed_once_it_has_read_its_settings",
    ),
    mutation(
        "compose/services/leftovers.py",
        "program.is_relative_to(folder)",
        "not program.is_relative_to(folder)",
        "unit/compose/test_processes.py::test_one_that_hides_its_folder_is_identified_by_its_program",
    ),
]
