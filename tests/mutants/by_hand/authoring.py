"""Faults in what is read of an author's function, and in the check of its arguments."""

from functools import partial

from tests.mutants.mutation import mutation

_TESTS = "unit/reckoner/authoring"
_BINDING = f"{_TESTS}/test_binding.py"
_SENTENCES = f"{_TESTS}/test_fault_sentences.py"
_REFUSED = f"{_TESTS}/test_refused_types.py"
_DECORATOR = f"{_TESTS}/test_decorator.py"
_PLANNING = "unit/gateway/submission/test_plan.py"

_arguments = partial(mutation, "reckoner/authoring/arguments.py")
_validation = partial(mutation, "reckoner/authoring/validation.py")
_changed = partial(mutation, "reckoner/authoring/changed.py")
_annotations = partial(mutation, "reckoner/authoring/annotations.py")
_faults = partial(mutation, "reckoner/authoring/argument_faults.py")
_definition = partial(mutation, "reckoner/authoring/definition.py")
_estimates = partial(mutation, "reckoner/authoring/estimates.py")
_plan = partial(mutation, "gateway/submission/plan.py")

MUTATIONS = [
    _arguments("        if canonical == text:\n", "        if True:\n", _BINDING),
    _arguments("!= canonical:\n", "!= canonical and False:\n", _BINDING),
    _arguments("faults = _unstorable(arguments)", "faults = []", _SENTENCES),
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
    _annotations("            if common:\n", "            if False:\n", _REFUSED),
    _annotations('"numbers" in common', "False", _REFUSED),
    _annotations('"default_factory" in schema', "False", _REFUSED),
    _annotations(
        "            for inner in _inner(schema):\n", "            for inner in ():\n", _REFUSED
    ),
    _faults("        elif path not in explained:\n", "        else:\n", _SENTENCES),
    _faults("            if extras <= _MAX_EXTRAS:\n", "            if True:\n", _SENTENCES),
    _definition("seconds=2 * estimate.seconds", "seconds=estimate.seconds", _DECORATOR),
    _estimates("self._has_failed = True", "self._has_failed = False", _DECORATOR),
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
