"""Pages of the list: what a stream sends of them."""

import json

from gateway.http.page import Page


def page(following=None, **documents):
    return Page(
        {name: json.dumps({"id": name, "n": n}) for name, n in documents.items()}, following
    )


def changes(new, shown):
    found = new.changes_since(shown)
    return None if found is None else json.loads("".join(found.parts()))


def test_a_page_is_what_the_list_responds_with():
    found = json.loads(page("/calculations?cursor=1", a=1, b=2).text)
    documents = [{"id": "a", "n": 1}, {"id": "b", "n": 2}]
    assert found == {"calculations": documents, "next": "/calculations?cursor=1"}


def test_changes_are_what_is_new_or_other_and_the_order_of_all():
    found = changes(page("/x", c=3, a=1, b=9), page(a=1, b=2))
    news = [{"id": "c", "n": 3}, {"id": "b", "n": 9}]
    assert found == {"calculations": news, "ids": ["c", "a", "b"], "next": "/x"}


def test_what_left_the_page_is_missing_in_the_order():
    assert changes(page(b=2), page(a=1, b=2)) == {"calculations": [], "ids": ["b"], "next": None}


def test_a_page_that_leads_on_elsewhere_has_changed():
    assert changes(page("/x", a=1), page(a=1)) is not None


def test_equal_pages_have_no_changes():
    assert page("/x", a=1).changes_since(page("/x", a=1)) is None


def test_changes_are_of_the_page_that_was_shown():
    new = page(a=3)
    assert changes(new, page(a=2)) is not None
    assert changes(new, page(a=3)) is None
    assert changes(new, page(b=3)) is not None
