"""A page of the list as JSON, whole or only what has changed since an earlier one."""

import itertools
import json
from collections.abc import Mapping

_numbers = itertools.count()


class Page:
    """Documents by id, in their order, and the URL of the next page. It does not change."""

    def __init__(self, documents: Mapping[str, str], following: str | None) -> None:
        self._documents = documents
        self._following = following
        self._number = next(_numbers)
        self._changes: tuple[int, str | None] | None = None

    @property
    def length(self) -> int:
        """How many characters its documents have."""
        return sum(map(len, self._documents.values()))

    @property
    def text(self) -> str:
        """The whole page."""
        return f'{{"calculations": [{", ".join(self._documents.values())}], {self._next}}}'

    def changes_since(self, shown: "Page") -> str | None:
        """Return the documents that another page lacks or has otherwise, and the order of all.

        None if nothing has changed. Many streams ask for the same, so the last answer is kept.
        """
        if self._changes is None or self._changes[0] != shown._number:
            self._changes = shown._number, self._compare(shown)
        return self._changes[1]

    def _compare(self, shown: "Page") -> str | None:
        before = shown._documents
        news = [text for name, text in self._documents.items() if before.get(name) != text]
        is_same = list(before) == list(self._documents) and shown._following == self._following
        if not news and is_same:
            return None
        ids = json.dumps(list(self._documents))
        return f'{{"calculations": [{", ".join(news)}], "ids": {ids}, {self._next}}}'

    @property
    def _next(self) -> str:
        return f'"next": {json.dumps(self._following)}'
