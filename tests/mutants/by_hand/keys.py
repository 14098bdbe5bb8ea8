"""Faults in keys: what is accepted, shown and kept, and for how long."""

from functools import partial

from tests.mutants.mutation import mutation

_ACCESS = "integration/store/keys/test_access.py"
_SESSIONS = "integration/store/keys/test_sessions.py"
_CREATE = "integration/cli/key/test_create.py"
_FILE = "integration/cli/key/test_key_file.py"
_FORMS = "unit/reckoner/cli/test_key_forms.py"
_ROTATE = "integration/cli/key/test_rotate_and_revoke.py"

_access = partial(mutation, "shared/store/keys/access.py")
_create = partial(mutation, "reckoner/cli/key/create_from_file.py")
_administration = partial(mutation, "shared/store/keys/administration.py")
_file = partial(mutation, "reckoner/cli/key/key_file.py")
_rotate = partial(mutation, "reckoner/cli/key/rotate.py")
_sessions = partial(mutation, "shared/store/keys/sessions.py")

MUTATIONS = [
    _access(
        "least(expires_at, revoked_at)",
        "greatest(expires_at, revoked_at)",
        f"{_ACCESS}::test_what_expired_or_was_revoked_is_there_to_be_explained_for_a_month",
    ),
    _access("AND last_used_on IS DISTINCT FROM today", "", f"{_ACCESS}"),
    _sessions("revoked_at IS NULL AND ", "", _SESSIONS),
    _sessions(
        "least(now() + make_interval(secs => $4), expires_at,",
        "least(now() + make_interval(secs => $4),",
        f"{_SESSIONS}::test_a_session_does_not_outlive_its_key",
    ),
    _sessions(
        "CASE WHEN secret_sha256 <> $3 THEN former_until END",
        "NULL",
        f"{_SESSIONS}::test_a_former_secret_begins_no_session_that_outlasts_it",
    ),
    _sessions(
        "          AND (secret_sha256 = $3 OR (former_sha256 = $3 AND former_until > now()))\n",
        "",
        f"{_SESSIONS}::test_a_secret_that_has_ended_begins_no_session_and_ends_none",
        "integration/gateway/access/test_beginning_sessions.py"
        "::test_a_secret_that_was_rotated_away_a_moment_ago_begins_no_session",
    ),
    _sessions(
        "        FOR NO KEY UPDATE),",
        "        ),",
        f"{_SESSIONS}::test_no_session_is_begun_by_a_secret_that_is_being_rotated_away",
    ),
    _sessions("WHERE key_id = (SELECT id FROM valid)\n", "\n", _SESSIONS),
    _administration(
        "least(now() + make_interval(secs => :overlap_seconds), expires_at) END",
        "now() + make_interval(secs => :overlap_seconds) END",
        f"{_ROTATE}::test_an_expired_secret_does_not_come_back_to_life",
        f"{_ROTATE}::test_a_former_secret_lasts_no_longer_than_it_would_have",
    ),
    _administration(
        '    connection.execute(_END_SESSIONS, {"id": key.id, "until": key.former_until})\n',
        "",
        _ROTATE,
        f"{_SESSIONS}::test_a_rotation_ends_the_sessions_that_would_outlast_the_former_secret",
    ),
    _administration(
        "ORDER BY id FOR NO KEY UPDATE",
        "ORDER BY id",
        f"{_ROTATE}::test_of_two_rotations_at_once_one_is_refused_and_both_secrets_stay_valid",
    ),
    _administration('WHERE id = :id AND revoked_at IS NULL""")', 'WHERE id = :id""")', _ROTATE),
    _create("It is in {file}.", "It is {credential.text}.", _FILE),
    _create(
        'if state == "valid" and not key.has_secret(credential.sha256, now):',
        "if False:",
        f"{_FILE}::test_a_key_that_was_rotated_is_said_to_be_of_no_use",
    ),
    mutation(
        "gateway/relay/housekeeping.py",
        "            delete_expired_sessions(connection, _SESSIONS)\n",
        "            pass\n",
        "integration/gateway/relay/test_expired_sessions.py",
    ),
    _rotate("and key.former_until > now", "and False", _ROTATE),
    _file("os.link(temporary, path)", "os.replace(temporary, path)", _FILE),
    _file("            os.fsync(file.fileno())\n", "", _FILE),
    mutation("shared/keys/names.py", " and not is_key_id(text)", "", _FORMS, _CREATE),
    mutation(
        "shared/keys/api_key.py",
        "(is_former and now < self.former_until)",
        "is_former",
        f"{_ROTATE}::test_the_former_secret_is_valid_during_the_overlap",
    ),
]
