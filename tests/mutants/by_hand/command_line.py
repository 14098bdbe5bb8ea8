"""Faults in the command `reckoner`, in trials of functions and in what is installed."""

from tests.mutants.mutation import mutation

_CHECK = "integration/cli/test_check_function.py"
_USAGE = "integration/cli/test_check_function_usage.py"
_WARNINGS = "integration/cli/test_check_function_warnings.py"
_TESTING = "integration/reckoner/test_testing.py"
_CLASHES = "unit/reckoner/test_distributions.py"

MUTATIONS = [
    mutation(
        "reckoner/distributions.py",
        "if packages and _normalised(distribution.name) != OUR_DISTRIBUTION:",
        "if packages:",
        f"{_CLASHES}::test_this_installation_has_no_clash_although_its_metadata_are_found_twice",
    ),
    mutation(
        "reckoner/distributions.py",
        'f"\\n{name}/" in files',
        'f"{name}/" in files',
        f"{_CLASHES}::test_a_package_of_another_name_is_no_clash",
    ),
    mutation("shared/startup.py", "    exit_on_clash()\n", "", f"{_CLASHES}"),
    mutation(
        "reckoner/testing/trial.py",
        "if (again.length, again.sha256) != (result.length, result.sha256):",
        "if again.length != result.length:",
        f"{_CHECK}::test_status_1_the_result_did_not_pass_its_check",
        f"{_TESTING}::test_a_result_that_is_computed_twice_must_be_the_same",
    ),
    mutation(
        "reckoner/testing/limits.py",
        "min(memory, function.memory_bytes or memory)",
        "memory",
        f"{_TESTING}::test_a_limit_that_the_function_declares_holds",
    ),
    mutation(
        "reckoner/testing/running.py",
        "answer = _in_a_fork(lambda: _try(function, bound, limits))",
        "answer = _try(function, bound, limits)",
        f"{_TESTING}::test_the_test_itself_is_no_parent_of_what_a_calculation_leaves_behind",
    ),
    mutation(
        "reckoner/cli/authoring/result_file.py",
        "            self._path.unlink(missing_ok=True)\n",
        "            pass\n",
        f"{_CHECK}::test_nothing_is_left_of_a_result_that_failed",
    ),
    mutation(
        "reckoner/cli/authoring/check_function.py",
        "object_pairs_hook=_unique, ",
        "",
        f"{_USAGE}::test_invalid_json_is_explained",
    ),
    mutation(
        "reckoner/cli/authoring/id_warnings.py",
        "if known is not None and known.version == function.version:",
        "if known is not None:",
        f"{_WARNINGS}::test_a_change_with_its_version_is_not_warned_of",
    ),
    mutation(
        "reckoner/cli/authoring/id_changes.py",
        "type(was) is not type(default) or was != default",
        "was != default",
        "unit/reckoner/test_id_changes.py",
    ),
]
