"""Faults in what is read of an author's function, and in the check of its arguments."""

from functools import partial

from tests.mutants.mutation import mutation

_TESTS = "unit/reckoner/authoring"
_BINDING = f"{_TESTS}/arguments/test_binding.py"
_SENTENCES = f"{_TESTS}/arguments/test_fault_sentences.py"
_REFUSED = f"{_TESTS}/arguments/test_refused_types.py"
_DEFINED = f"{_TESTS}/test_definition.py"
_MISMATCHES = f"{_TESTS}/results/test_mismatches.py"
_PLANNING = "unit/gateway/submission/test_plan.py"

_bind = partial(mutation, "reckoner/authoring/arguments/binding.py")
_validation = partial(mutation, "reckoner/authoring/arguments/validation.py")
_changed = partial(mutation, "reckoner/authoring/arguments/changed.py")
_walk = partial(mutation, "reckoner/authoring/annotations.py")
_refused_types = partial(mutation, "reckoner/authoring/arguments/refused_types.py")
_sentences = partial(mutation, "reckoner/authoring/arguments/fault_sentences.py")
_definition = partial(mutation, "reckoner/authoring/definition.py")
_estimates = partial(mutation, "reckoner/authoring/estimates.py")
_mismatches = partial(mutation, "reckoner/authoring/results/mismatches.py")
_plan = partial(mutation, "gateway/submission/plan.py")

MUTATIONS = [
    _mismatches("first = max((", "first = min((", _MISMATCHES),
    _mismatches(
        "            return describe(error, json.loads(text))\n", "            pass\n", _MISMATCHES
    ),
    _bind("        if canonical == text:\n", "        if True:\n", _BINDING),
    _bind("!= canonical:\n", "!= canonical and False:\n", _BINDING),
    _bind("faults = _unstorable(arguments)", "faults = []", _SENTENCES),
    _validation("text, strict=True", "text, strict=False", _SENTENCES),
    _validation(
        'validate_json(text, strict=True, extra="forbid")',
        "validate_json(text, strict=True)",
        _SENTENCES,
    ),
    _validation(" and _is_same(default, plain)", "", _REFUSED),
    _validation("        hash(default)\n", "        pass\n", _REFUSED),
    _changed("if str(given) == nearest or float", "if float", _BINDING),
    _changed("or float(given) != normal", "or True", _SENTENCES),
    _changed("type(given) is type(normal)", "True", _SENTENCES),
    _refused_types("            if common:\n", "            if False:\n", _REFUSED),
    _refused_types('"numbers" in common', "False", _REFUSED),
    _refused_types('"default_factory" in schema', "False", _REFUSED),
    _walk("            for inner in _inner(schema):\n", "            for inner in ():\n", _REFUSED),
    _sentences("        elif path not in explained:\n", "        else:\n", _SENTENCES),
    _sentences("            if extras <= _MAX_EXTRAS:\n", "            if True:\n", _SENTENCES),
    _definition("seconds=2 * estimate.seconds", "seconds=estimate.seconds", _DEFINED),
    _estimates("self._has_failed = True", "self._has_failed = False", _DEFINED),
    _plan(
        "            return Lane.QUICK if function.lane",
        "            return Lane.HEAVY if function.lane",
        _PLANNING,
    ),
    _plan(" or function.needs_process", "", _PLANNING),
    _plan("min(limit, function.memory_bytes)", "function.memory_bytes", _PLANNING),
    _plan(
        "            calculation.lane is Lane.QUICK\n            and ", "            ", _PLANNING
    ),
]
