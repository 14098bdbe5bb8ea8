"""Faults in the description of the API, in its page, and in how the page's viewer is installed."""

from tests.mutants.mutation import mutation

_DESCRIBED = "unit/gateway/description/test_description.py"
_REAL = "e2e/description/test_real_responses.py"
_FILES = "unit/gateway/docs/test_files.py"
_IN_CHROMIUM = "browser/test_docs.py"
_INSTALLED = "unit/compose/test_browser_packages.py"
_OPERATIONS = "gateway/description/operations.py"
_INSTALL = "compose/browser_packages/install.py"

MUTATIONS = [
    mutation(
        "gateway/description/api.py",
        "        *results.operations(registry),\n",
        "",
        f"{_DESCRIBED}::test_its_paths_and_methods_are_those_of_the_application",
    ),
    mutation(
        _OPERATIONS,
        "return ways if are_keys_on else [{}, *ways]",
        "return ways",
        f"{_DESCRIBED}::test_each_operation_names_the_scope_that_its_route_needs",
    ),
    mutation(
        "gateway/description/problems.py",
        '        errors.CalculationFinal(_ID, "succeeded"),\n',
        '        errors.ResultNotFinished(_ID, "succeeded", 1),\n',
        f"{_DESCRIBED}::test_every_problem_type_of_the_code_is_described_and_no_other",
    ),
    mutation(
        "gateway/description/submissions.py",
        'arguments["properties"][name]["maximum"] = bounds["accepted_maximum"]',
        "pass",
        f"{_DESCRIBED}::test_arguments_are_bounded_by_what_this_server_accepts",
    ),
    mutation(
        "gateway/description/submissions.py",
        "    if length > _LONGEST_EXAMPLE:\n",
        "    if False:\n",
        f"{_DESCRIBED}::test_what_an_author_wants_to_be_long_has_no_example_of_that_length",
    ),
    mutation(
        "gateway/description/submissions.py",
        'f"{prefix}.{name}": definition',
        'f"{prefix}_{name}": definition',
        f"{_DESCRIBED}::test_what_one_function_defines_is_not_taken_for_the_arguments_of_another",
    ),
    mutation(
        "gateway/description/schemas/documents.py",
        '            "peak_bytes": or_null(COUNT),\n',
        "",
        f"{_REAL}::test_documents_of_every_kind_are_described",
    ),
    mutation(
        "gateway/routes/docs.py",
        "\"script-src 'self'\"",
        "\"script-src 'none'\"",
        f"{_IN_CHROMIUM}::test_it_shows_every_route_and_asks_no_other_host",
    ),
    mutation(
        "gateway/docs/start.js",
        "  plugins: [Exact],\n",
        "",
        f"{_IN_CHROMIUM}::test_integers_are_shown_with_all_their_digits",
    ),
    mutation(
        "gateway/docs/files.py",
        'f"{path.stem}-{file.representation.sha256[:_HASH_CHARACTERS]}{path.suffix}"',
        "path.name",
        f"{_FILES}::test_each_file_has_a_name_of_its_content_which_the_page_uses",
    ),
    mutation(
        "gateway/http/browser_packages.py",
        "        if all((marker.parent",
        "        if any((marker.parent",
        f"{_FILES}::test_an_installation_that_lost_a_file_is_none_and_the_older_one_is_used",
    ),
    mutation(
        _INSTALL,
        'if package.integrity != f"sha512-{found}":',
        "if False:",
        f"{_INSTALLED}::test_an_archive_with_another_checksum_is_refused_and_what_was_there_stays",
    ),
    mutation(
        _INSTALL,
        "return is_same and all(",
        "return is_same or all(",
        f"{_INSTALLED}::test_a_file_that_was_deleted_is_installed_again",
    ),
    mutation(
        "gateway/http/filters.py",
        "return moment.astimezone(UTC)",
        "return moment",
        "integration/gateway/routes/test_list.py::test_a_time_may_have_any_offset_and_any_fraction",
    ),
    mutation(
        "compose/nginx/reckoner.conf.template",
        "    412 '{",
        "    418 '{",
        "e2e/test_results.py::test_an_empty_condition_is_of_another_result",
    ),
    mutation(
        "gateway/routes/session.py",
        "        body = await read_login(req)\n        key = presented_key(req) or _key_in(body)\n",
        "        key = presented_key(req) or _key_in(await read_login(req))\n",
        "integration/gateway/access/test_beginning_sessions.py"
        "::test_a_body_is_checked_even_if_the_key_is_in_the_header",
    ),
]
