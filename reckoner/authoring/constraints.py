"""What the constraints of a type require of a value, from pydantic's errors, in our words."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from typing import Any

from reckoner.authoring.faults import shortened
from reckoner.canonical_json import fraction_text

_MAX_WORDS = 300  # characters of what an author's validator says


def requirement(kind: str, context: Mapping[str, Any]) -> str | None:
    """Return what a value must be or have, if an error of this kind is about a constraint."""
    match kind:
        case "greater_than_equal":
            return f"be at least {_number(context['ge'])}"
        case "less_than_equal":
            return f"be at most {_number(context['le'])}"
        case "greater_than":
            return f"be more than {_number(context['gt'])}"
        case "less_than":
            return f"be less than {_number(context['lt'])}"
        case "multiple_of":
            return f"be a multiple of {_number(context['multiple_of'])}"
        case "string_too_short":
            return f"have at least {_count(context['min_length'], 'character')}"
        case "string_too_long":
            return f"have at most {_count(context['max_length'], 'character')}"
        case "too_short":
            return f"have at least {_count(context['min_length'], 'member')}"
        case "too_long":
            return f"have at most {_count(context['max_length'], 'member')}"
        case "string_pattern_mismatch":
            return f"match the pattern {shortened(context['pattern'])}"
        case "literal_error" | "enum":
            return f"be one of {_as_json(context['expected'])}"
        case "union_tag_invalid":
            tags = _as_json(context["expected_tags"])
            return f"have the member {_as_json(context['discriminator'])}, one of {tags}"
        case "union_tag_not_found":
            return f"have the member {_as_json(context['discriminator'])}"
    return None


def _number(bound: object) -> str:
    return fraction_text(bound) if isinstance(bound, float) else shortened(str(bound))


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


_PYTHON_TEXT = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\bTrue\b|\bFalse\b|\bNone\b")


def _as_json(expected: str) -> str:
    """Return pydantic's list of values, which is written as in Python, as in JSON."""
    return _PYTHON_TEXT.sub(
        lambda match: json.dumps(ast.literal_eval(match[0]), ensure_ascii=False), expected
    )


def author_words(words: str) -> str:
    """Return the words of an author's validator as a sentence, cut if they are long."""
    words = words.replace("\0", "\\0").strip()[:_MAX_WORDS] or "It is not valid."
    return words if words.endswith((".", "!", "?")) else f"{words}."
