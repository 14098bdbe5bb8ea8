"""Headers that keep a browser from running what is in a result."""

import falcon.asgi

from gateway.http.results.file_names import content_disposition, file_name
from gateway.http.results.media_types import extension_of, is_shown
from shared.store.calculations import Row

#: No script, no form, nothing from elsewhere, and an origin of its own: a result cannot act as the
#: page that has opened it. Pictures, sound and inline styles are what browsers themselves need to
#: show a file.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "img-src 'self' data:",
        "media-src 'self'",
        "style-src 'unsafe-inline'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
        "sandbox",
    )
)


def write_browser_headers(resp: falcon.asgi.Response, row: Row, media_type: str) -> None:
    """Set the headers that tell a browser what it may do with a result."""
    name = file_name(row.function, row.canonical_arguments, row.id, extension_of(media_type))
    resp.set_header("Content-Disposition", content_disposition(name, is_shown=is_shown(media_type)))
    resp.set_header("X-Content-Type-Options", "nosniff")
    resp.set_header("Content-Security-Policy", _POLICY)
    # Pages of other sites may not embed it: on a developer's machine every page that is open in
    # the browser can reach localhost.
    resp.set_header("Cross-Origin-Resource-Policy", "same-origin")
