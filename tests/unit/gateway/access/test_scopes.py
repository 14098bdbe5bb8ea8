"""Which scope a request needs."""

import pytest

from gateway.access.scopes import by_method, needed_scope
from shared.keys.scope import Scope


class Forgetful:
    def on_get(self):
        """Respond to GET."""

    on_head = on_get
    on_post = on_get


class Half(Forgetful):
    scopes = by_method(GET=None)


@pytest.mark.parametrize(
    ("resource", "method", "scope"),
    [
        (Forgetful(), "GET", Scope.OPERATE),
        (Forgetful(), "HEAD", Scope.OPERATE),
        (Half(), "POST", Scope.OPERATE),
        (Half(), "GET", None),
        (Half(), "HEAD", None),
    ],
)
def test_what_a_resource_says_nothing_of_needs_operate(resource, method, scope):
    assert needed_scope(resource, method) is scope


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE"])
def test_what_a_resource_does_not_have_needs_no_key(method):
    assert needed_scope(Forgetful(), method) is None
