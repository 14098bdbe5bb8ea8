"""Faults in the commands of users: arguments, output, exit statuses, waiting."""

from functools import partial

from tests.mutants.mutation import mutation

_INTEGERS = "unit/reckoner/cli/arguments/test_integers.py"
_TYPED = "unit/reckoner/cli/arguments/test_typed.py"
_GIVEN = "unit/reckoner/cli/arguments/test_given.py"
_JSON = "unit/reckoner/cli/output/test_json_output.py"
_WORDS = "unit/reckoner/cli/output/test_words.py"
_ITEMS = "unit/reckoner/cli/batches/test_items.py"
_SETTINGS = "unit/reckoner/cli/service/test_settings.py"
_PROBLEMS = "unit/reckoner/cli/service/test_problems.py"
_INVOCATION = "unit/reckoner/cli/test_invocation.py"
_STATUSES = "e2e/cli/test_exit_statuses.py"
_TERMINAL = "e2e/cli/test_terminal.py"
_OUTAGE = "e2e/cli/test_outage.py"
_FORMS = "e2e/cli/test_forms.py"
_BATCH = "e2e/cli/test_batch.py"
_IMPORTS = "e2e/cli/test_imports.py"
_COLOURS = "test_a_table_has_colours_unless_no_color_is_set"
_NARROW = "test_a_narrow_terminal_has_whole_ids_and_no_longer_lines"
_JSON_FAILED = f"{_STATUSES}::test_a_failed_calculation_is_1_and_says_why"
_PIPE = f"{_STATUSES}::test_a_closed_pipe_is_130_and_silent"
_CTRL_C = f"{_STATUSES}::test_ctrl_c_without_a_terminal_is_130_names_the_calculation_and_leaves_it"
_SILENT = "integration/cli/test_silent_gateway.py"
_IMPATIENT = "_PATIENT_ATTEMPTS, _PATIENT_SECONDS = 1, 0.0"

_integers = partial(mutation, "reckoner/cli/arguments/integers.py")
_typed = partial(mutation, "reckoner/cli/arguments/typed.py")
_given = partial(mutation, "reckoner/cli/arguments/given.py")
_json_text = partial(mutation, "reckoner/cli/arguments/json_text.py")
_json = partial(mutation, "reckoner/cli/output/json_output.py")
_items = partial(mutation, "reckoner/cli/batches/items.py")
_source = partial(mutation, "reckoner/cli/batches/source.py")
_settings = partial(mutation, "reckoner/cli/service/settings.py")
_problems = partial(mutation, "reckoner/cli/service/problems.py")
_connection = partial(mutation, "reckoner/cli/service/connection.py")
_invocation = partial(mutation, "reckoner/cli/invocation.py")
_interruption = partial(mutation, "reckoner/cli/waiting/interruption.py")
_terminal = partial(mutation, "reckoner/cli/output/terminal.py")
_table = partial(mutation, "reckoner/cli/output/calculation_table.py")
_outcome = partial(mutation, "reckoner/cli/output/outcome.py")

MUTATIONS = [
    # Arguments: exact, and refused in time.
    _integers("- len(fraction)", "", _INTEGERS),
    _integers('if rest.strip("0"):', "if False:", _INTEGERS),
    _integers("if len(digits) + exponent > MAX_DIGITS:", "if False:", _INTEGERS),
    _integers("if len(digits) > _EXPONENT_DIGITS:", "if False:", _INTEGERS),
    _integers("    if not digits:\n        return 0\n", "", _INTEGERS),
    _typed('if text.lstrip("+-").replace("_", "").isdigit():', "if True:", _TYPED),
    _typed("    if isinf(value):", "    if False:", _TYPED),
    _typed('if types == {"string"}:', "if False:", _TYPED),
    _typed(
        '    if "string" not in types:\n        text = text.strip()',
        "    if False:\n        pass",
        _TYPED,
    ),
    _json_text("    if isinf(value):", "    if False:", _TYPED),
    _json_text("    if len(members) != len(pairs):", "    if False:", _TYPED),
    _given("    if name in given.values or name in given.texts:", "    if False:", _GIVEN),
    _given('    if text.startswith("@@"):\n        text = text[1:]\n    elif', "    if", _GIVEN),
    _given("        text.encode()\n", "        pass\n", _GIVEN),
    # Output.
    _json(
        '_ON_ONE_LINE = frozenset({"arguments", "value", "default"})', "_ON_ONE_LINE = ()", _JSON
    ),
    mutation(
        "reckoner/cli/output/forms.py",
        '            write("[]\\n" if self._separator == "[\\n" else "\\n]\\n")',
        '            write("\\n]\\n")',
        _JSON,
    ),
    mutation(
        "reckoner/cli/output/printable.py",
        "    return ascii(character)[1:-1]",
        "    return character",
        _WORDS,
    ),
    _terminal('not os.environ.get("NO_COLOR")', "True", f"{_TERMINAL}::{_COLOURS}"),
    _table("    if not sys.stdout.isatty():\n", "    if False:\n", _FORMS),
    _table("    elif columns() < _TABLE_COLUMNS:", "    elif False:", f"{_TERMINAL}::{_NARROW}"),
    _outcome(
        "        exit_if_unsuccessful(calculation)\n        return\n",
        "        return\n",
        _JSON_FAILED,
    ),
    # Exit statuses.
    _problems('    "unknown-function": ExitStatus.NOT_FOUND,\n', "", _PROBLEMS),
    _problems("        if error.status in _UNAVAILABLE:", "        if False:", _PROBLEMS),
    _problems("        if len(faults) > 1:", "        if faults:", _PROBLEMS),
    _problems("in faults[:_SHOWN_FAULTS]]", "in faults]", _PROBLEMS),
    _invocation(
        "        _drop_output()\n        return ExitStatus.INTERRUPTED", "        raise", _PIPE
    ),
    _invocation("        raise OutputClosed from error", "        raise", _PIPE),
    _invocation("    elif invocation.is_debugged:", "    elif True:", _INVOCATION),
    _invocation(
        "    except (KeyboardInterrupt, click.Abort):", "    except KeyboardInterrupt:", _INVOCATION
    ),
    _invocation("error.errno in NO_ROOM and", "False and", _INVOCATION),
    # Waiting.
    _connection("_PATIENT_ATTEMPTS, _PATIENT_SECONDS = 1_000, 300.0", _IMPATIENT, _OUTAGE),
    _connection('    sys.modules.setdefault("httpx._main", None)', "    pass", _IMPORTS),
    _interruption(
        "    if not (sys.stdin.isatty() and sys.stderr.isatty()):", "    if False:", _CTRL_C
    ),
    _interruption(
        "        except (KeyboardInterrupt, NotInTime):\n            _tell",
        "        except ValueError:\n            _tell",
        f"{_TERMINAL}::test_ctrl_c_asks_and_leaves_it",
    ),
    _interruption(
        "            client.cancel(calculation.id)",
        "            pass",
        f"{_TERMINAL}::test_ctrl_c_asks_and_cancels",
    ),
    mutation(
        "reckoner/cli/waiting/time_limit.py",
        "        with time_limit(",
        "        with time_limit(1e6 or ",
        _SILENT,
    ),
    mutation(
        "reckoner/cli/waiting/submitting.py",
        "    except (KeyboardInterrupt, NotInTime):",
        "    except ValueError:",
        _SILENT,
    ),
    mutation(
        "reckoner/cli/calculations/cancel.py",
        "                break  # it would",
        "                continue  # it would",
        _SILENT,
    ),
    # The service, and files of many.
    _settings("    if key and file:", "    if False:", _SETTINGS),
    _settings("field(repr=False)", "field()", _SETTINGS),
    _settings("    if not found:", "    if False:", _SETTINGS),
    _items('if cell != ""}', "}", _ITEMS),
    _items("            if len(cells) != len(header):", "            if False:", _ITEMS),
    _items("is_known = members.keys() <= {", "is_known = members.keys() >= {", _ITEMS),
    _source("            if len(line) == _MAX_LINE_BYTES:", "            if False:", _ITEMS),
    _source('"utf-8-sig" if number == 1 else "utf-8"', '"utf-8"', _BATCH),
    mutation(
        "reckoner/cli/calculations/batch.py",
        "    if any(ended.values()):",
        "    if False:",
        f"{_BATCH}::test_a_failed_one_is_written_and_is_status_1",
    ),
    mutation(
        "reckoner/cli/calculations/watch.py",
        '        if self._shown.get(document["id"]) == document:\n            return\n',
        "",
        f"{_FORMS}::test_the_newest_are_watched_each_once",
    ),
    mutation(
        "reckoner/cli/calculations/cancel.py",
        "    if not (sys.stdin.isatty() and sys.stderr.isatty()):",
        "    if False:",
        f"{_FORMS}::test_an_id_and_conditions_are_one_too_many",
    ),
]
