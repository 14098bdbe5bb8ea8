"""Faults in the canonical text of arguments, and on its way from the request to the worker."""

from functools import partial

from tests.mutants.mutation import mutation

_TEXTS = "unit/reckoner/test_canonical_json.py"
_IDS = "unit/shared/test_calculation_ids.py"
_STORED = "integration/store/test_arguments.py"
_DECODED = "unit/shared/test_messages.py"
_GROUPS = "unit/gateway/relay/test_group_by_message.py"
_BINDING = "unit/reckoner/authoring/arguments/test_binding.py"
_VERSIONS = "integration/gateway/relay/test_message_version.py"

_canonical = partial(mutation, "reckoner/canonical_json.py")
_messages = partial(mutation, "shared/messages.py")

MUTATIONS = [
    _canonical("exponent >= 21", "exponent >= 22", _TEXTS),
    _canonical("exponent < -6", "exponent < -7", _TEXTS),
    _canonical('_MINUS_ZERO.sub("0", text)', "text", _TEXTS),
    _canonical('_PADDED_EXPONENT.sub("e-", text)', "text", _TEXTS),
    _canonical("_LONGEST_MANTISSA = 18", "_LONGEST_MANTISSA = 17", _TEXTS),
    _canonical('"\\\\" in text', "False", _TEXTS),
    mutation("shared/calculation.py", "(0x5 << 76)", "(0x4 << 76)", _IDS),
    mutation(
        "reckoner/authoring/arguments/binding.py",
        "values = self._validate(canonical, None, described)",
        "pass",
        _IDS,
    ),
    mutation(
        "shared/store/arguments.py",
        "CASE WHEN arguments_text IS NULL THEN arguments END",
        "arguments",
        _STORED,
    ),
    _messages("VERSION = 4", "VERSION = 5", _DECODED),
    mutation(
        "shared/store/presence.py",
        "WHEN offers IS NULL THEN 2 ELSE 3",
        "WHEN false THEN 2 ELSE 3",
        _VERSIONS,
    ),
    mutation(
        "gateway/relay/lane.py",
        "characters + length > _MESSAGE_CHARACTERS",
        "length > _MESSAGE_CHARACTERS",
        _GROUPS,
    ),
    mutation(
        "reckoner/authoring/arguments/binding.py",
        "len(text) > MAX_CHARACTERS <",
        "10**9 <",
        _BINDING,
    ),
    mutation(
        "reckoner/authoring/arguments/binding.py",
        "if len(canonical) > MAX_CHARACTERS:",
        "if len(canonical) > 10**9:",
        _BINDING,
    ),
]
