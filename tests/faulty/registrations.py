"""Modules of a package whose functions cannot be offered, each in another way.

Of each, the source, and what the sentence about it says. The attribute `f` is the entry point's.
"""

from typing import NamedTuple


class FaultyModule(NamedTuple):
    """The source of a module, and words of the sentence that names its fault."""

    source: str
    words: str


_IMPORTS = """\
from typing import Annotated, Any, Iterator
from reckoner import Digits, Ge, Le, MediaType, Residue, function
"""


def _function(signature: str, decorator: str = "@function", before: str = "") -> str:
    return f'{_IMPORTS}{before}\n{decorator}\ndef f{signature}:\n    """Fail."""\n    return {{}}\n'


MODULES = {
    "raises_on_import": FaultyModule("raise OSError('no licence found')\n", "no licence found"),
    "raises_what_cannot_be_shown": FaultyModule(
        "class Mute(Exception):\n    def __str__(self):\n        raise ValueError\nraise Mute\n",
        "raised Mute: its text cannot be shown",
    ),
    "imports_what_is_missing": FaultyModule(
        "import a_module_that_nobody_has\n", "a_module_that_nobody_has"
    ),
    "exits_on_import": FaultyModule("import sys\nsys.exit('no')\n", "SystemExit"),
    "has_a_syntax_error": FaultyModule("def f(n: int -> int:\n", "SyntaxError"),
    "is_no_function": FaultyModule("f = 5\n", "is of type int, and not a function"),
    "is_not_decorated": FaultyModule(
        "def f(n: int) -> int:\n    return n\n", "is of type function, and not"
    ),
    "has_no_such_attribute": FaultyModule("g = 5\n", "'f'"),
    "has_an_untyped_argument": FaultyModule(
        _function("(n) -> dict[str, int]"), "The argument n has no annotation; give it a type"
    ),
    "takes_integers_and_floats": FaultyModule(
        _function("(n: int | float) -> dict[str, int]"),
        "an integer or a fraction, which JSON does not tell apart",
    ),
    "takes_anything": FaultyModule(
        _function("(n: Any) -> dict[str, int]"), "The argument n is of no type that JSON has"
    ),
    "takes_what_json_has_not": FaultyModule(
        _function("(n: object) -> dict[str, int]"), "The argument n is of no type that JSON has"
    ),
    "has_a_default_factory": FaultyModule(
        _function(
            "(options: Options) -> dict[str, int]",
            before=(
                "from dataclasses import dataclass, field\n"
                "@dataclass\nclass Options:\n    names: list[str] = field(default_factory=list)\n"
            ),
        ),
        "The argument options has a `default_factory`; give it a default",
    ),
    "has_keys_that_are_no_text": FaultyModule(
        _function("(n: dict[int, str]) -> int"), "keys that are not text; use `dict[str, …]`"
    ),
    "has_a_default_out_of_bounds": FaultyModule(
        _function("(n: Annotated[int, Ge(1)] = 0) -> int"),
        "The default of the argument n, 0, is not of its type",
    ),
    "has_no_return_annotation": FaultyModule(
        _function("(n: int)"), "It does not say what it returns; annotate it"
    ),
    "takes_any_number_of_arguments": FaultyModule(
        _function("(*n: int) -> int"), "It takes *n; name each argument"
    ),
    "has_a_limit_in_the_quick_lane": FaultyModule(
        _function("(n: int) -> int", '@function(lane="quick", memory="1GiB")'),
        "memory cannot be limited with lane=",
    ),
    "has_a_time_limit_in_the_quick_lane": FaultyModule(
        _function("(n: int) -> int", '@function(lane="quick", timeout=5)'),
        "timeout cannot be limited with lane=",
    ),
    "has_no_such_lane": FaultyModule(
        _function("(n: int) -> int", '@function(lane="slow")'), "it is 'slow'"
    ),
    "has_a_memory_that_is_none": FaultyModule(
        _function("(n: int) -> int", '@function(memory="much")'), "it is 'much'"
    ),
    "checks_what_it_streams": FaultyModule(
        _function("(n: int) -> Iterator[str]", "@function(check=lambda result, n: True)"),
        "A predicate needs the whole result, and this one comes in pieces",
    ),
    "has_a_residue_of_what_are_no_digits": FaultyModule(
        _function("(n: int) -> int", "@function(check=Residue(lambda n, modulus: 1))"),
        "A Residue checks decimal digits",
    ),
    "has_a_media_type_that_is_none": FaultyModule(
        _function('(n: int) -> Annotated[bytes, MediaType("picture")]'),
        "'picture' is not a media type",
    ),
    "estimates_other_arguments": FaultyModule(
        _function("(n: int) -> int", "@function(estimate=lambda size: None)"),
        "estimate must take the function's arguments by their names",
    ),
    "has_no_argument_n_for_its_size": FaultyModule(
        _function("(m: int) -> int", '@function(size_argument="n")'),
        "size_argument='n' is none of its arguments: m",
    ),
}
