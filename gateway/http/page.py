"""A page of the list as JSON, whole or only what has changed since an earlier one."""

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Changes:
    """What a page has that an earlier one lacks or has otherwise, and the order of all."""

    documents: Sequence[str]
    ids: Sequence[str]
    following: str | None

    def parts(self) -> Iterator[str]:
        """Yield its JSON, a document at a time."""
        yield from _listed(self.documents)
        yield f', "ids": {json.dumps(self.ids)}'
        yield _end(self.following)


class Page:
    """Documents by id, in their order, and the URL of the next page. It does not change."""

    def __init__(self, documents: Mapping[str, str], following: str | None) -> None:
        self._documents = documents
        self._following = following
        self._number = next(_numbers)
        self._changes: tuple[int, Changes | None] | None = None
        #: How many characters its documents have.
        self.length = sum(map(len, documents.values()))

    @property
    def text(self) -> str:
        """The whole page."""
        return "".join(self.parts())

    def parts(self) -> Iterator[str]:
        """Yield the whole page, a document at a time."""
        yield from _listed(self._documents.values())
        yield _end(self._following)

    def changes_since(self, shown: "Page") -> Changes | None:
        """Return what has changed since another page; None if nothing has.

        Many streams ask for the same, so the last answer is kept.
        """
        if self._changes is None or self._changes[0] != shown._number:
            self._changes = shown._number, self._compare(shown)
        return self._changes[1]

    def share_texts_with(self, earlier: "Page") -> None:
        """Have the documents that are as before in memory once: slow streams keep earlier pages."""
        before = earlier._documents
        self._documents = {
            name: before[name] if before.get(name) == text else text
            for name, text in self._documents.items()
        }

    def _compare(self, shown: "Page") -> Changes | None:
        before = shown._documents
        news = [text for name, text in self._documents.items() if before.get(name) != text]
        is_same = list(before) == list(self._documents) and shown._following == self._following
        if not news and is_same:
            return None
        return Changes(news, list(self._documents), self._following)


def _listed(documents: Iterable[str]) -> Iterator[str]:
    yield '{"calculations": ['
    for number, text in enumerate(documents):
        yield f", {text}" if number else text
    yield "]"


def _end(following: str | None) -> str:
    return f', "next": {json.dumps(following)}}}'
