"""Faults in what browsers are told and believed: names of the service, other pages, sessions."""

from tests.mutants.mutation import Mutation, mutation

_HOSTS = "unit/gateway/access/test_hosts.py"
_NAMES = "unit/shared/config/test_hosts.py"
_ORIGINS = "unit/shared/config/test_origins.py"
_CROSS_SITE = "unit/gateway/access/test_cross_site.py"
_CORS = "unit/gateway/access/test_cors.py"
_BEGINNING_SESSIONS = "integration/gateway/access/test_beginning_sessions.py"
_SESSIONS = "integration/gateway/access/test_sessions.py"
_NGINX = "integration/nginx/test_browsers.py"
_OTHER_PAGES = "browser/test_other_pages.py"
_IN_CHROMIUM = "browser/test_sessions.py"


def _template(old: str, new: str, claim: str) -> Mutation:
    return mutation("compose/nginx/reckoner.conf.template", old, new, claim)


def _session(old: str, new: str, claim: str) -> Mutation:
    return mutation("gateway/routes/session.py", old, new, claim)


def _cookies(old: str, new: str, claim: str) -> Mutation:
    return mutation("gateway/access/browsers/cookies.py", old, new, claim)


MUTATIONS = [
    mutation(
        "gateway/access/authentication.py",
        "if isinstance(credential, bytes) and is_get_of_unknown_page(req, scope):",
        "if False:",
        f"{_SESSIONS}::test_a_session_causes_nothing_by_a_get_that_no_page_is_named_for",
    ),
    mutation(
        "gateway/app.py",
        "        Hosts(parse_hosts(settings.allowed_hosts)),\n",
        "",
        f"{_OTHER_PAGES}::test_a_name_of_somebody_else_that_leads_to_the_service_is_refused",
    ),
    mutation(
        "gateway/app.py",
        "        CrossSite(cors_origins),\n",
        "",
        f"{_OTHER_PAGES}::test_a_page_of_another_origin_starts_no_calculation",
    ),
    mutation(
        "gateway/access/browsers/hosts.py",
        '_EXEMPT = "/health/"',
        '_EXEMPT = "/health"',
        f"{_HOSTS}::test_probes_may_use_any_name",
    ),
    mutation(
        "gateway/access/browsers/hosts.py",
        'req.get_header("Host")',
        "req.forwarded_host",
        f"{_HOSTS}::test_forwarded_headers_have_no_say",
    ),
    mutation(
        "shared/config/hosts.py",
        'f".{host}".endswith(self.suffixes)',
        "host.endswith(tuple(one[1:] for one in self.suffixes))",
        f"{_NAMES}::test_a_name_that_begins_with_a_dot_allows_itself_and_all_below",
    ),
    mutation(
        "shared/config/hosts.py",
        "_HOST_HEADER.fullmatch(header)",
        "_HOST_HEADER.match(header)",
        f"{_NAMES}::test_what_is_no_host_is_never_allowed",
    ),
    mutation(
        "shared/config/origins.py",
        'if item in ("*", "null"):',
        'if item == "*":',
        f"{_ORIGINS}::test_a_faulty_list_is_refused",
    ),
    mutation(
        "gateway/access/browsers/cross_site.py",
        '_OWN = ("same-origin", "none")',
        '_OWN = ("same-origin", "same-site", "none")',
        f"{_CROSS_SITE}::test_what_another_page_causes_has_no_effect",
    ),
    mutation(
        "gateway/access/browsers/cross_site.py",
        "_EFFECTS = (Scope.SUBMIT, Scope.CANCEL)",
        "_EFFECTS = (Scope.CANCEL,)",
        f"{_CROSS_SITE}::test_what_another_page_causes_has_no_effect",
    ),
    mutation(
        "gateway/access/browsers/cross_site.py",
        "return origin is not None and not _is_own",
        'return origin not in (None, "null") and not _is_own',
        f"{_CROSS_SITE}::test_what_another_page_causes_has_no_effect",
    ),
    mutation(
        "gateway/access/browsers/cross_site.py",
        "parts.netloc == host.lower()",
        'parts.hostname == host.lower().partition(":")[0]',
        f"{_CROSS_SITE}::test_what_another_page_causes_has_no_effect",
    ),
    mutation(
        "gateway/access/browsers/cors.py",
        '        resp.append_header("Vary", "Origin")\n',
        "",
        f"{_CORS}::test_every_answer_says_that_it_depends_on_the_origin",
    ),
    mutation(
        "gateway/access/browsers/cors.py",
        "expose_headers=_EXPOSED)",
        'expose_headers=_EXPOSED, allow_credentials="*")',
        f"{_CORS}::test_a_named_origin_may_read_answers_and_errors_without_cookies",
    ),
    _cookies(
        'or (req.get_header("Origin") is not None and is_from_elsewhere(req))',
        "",
        f"{_SESSIONS}::test_the_cookie_does_not_count_for_pages_of_other_origins",
    ),
    _cookies(
        "http_only=True",
        "http_only=False",
        f"{_BEGINNING_SESSIONS}::test_the_cookie_is_for_no_script_and_for_no_other_site",
    ),
    _cookies(
        '"Strict"',
        '"Lax"',
        f"{_BEGINNING_SESSIONS}::test_the_cookie_is_for_no_script_and_for_no_other_site",
    ),
    _cookies(
        "secure=_is_https(req)",
        "secure=False",
        f"{_BEGINNING_SESSIONS}::test_the_cookie_is_for_no_script_and_for_no_other_site",
    ),
    _cookies(
        '_set(req, resp, "", -1)',
        '_set(req, resp, "", 0)',
        f"{_SESSIONS}::test_a_session_ends_when_it_is_deleted",
    ),
    _session(
        "presented_key(req) or _key_in(body)",
        "presented_credential(req)",
        f"{_BEGINNING_SESSIONS}::test_a_session_makes_no_other_session",
    ),
    _session(
        "            await self._end(cookie)\n",
        "",
        f"{_SESSIONS}::test_a_session_ends_when_it_is_deleted",
    ),
    _session(
        "            return\n        await self._database",
        "            pass\n        await self._database",
        f"{_SESSIONS}::test_what_is_no_session_costs_no_statement",
    ),
    _session(
        "expires_at - self._ring.now",
        "(expires_at - expires_at.replace(year=2000))",
        f"{_BEGINNING_SESSIONS}::test_a_session_does_not_outlive_its_key",
    ),
    mutation(
        "gateway/routes/session.py",
        '            resp.set_header("Clear-Site-Data", \'"cache"\')\n',
        "",
        f"{_IN_CHROMIUM}::test_after_logging_out_nothing_can_be_opened",
    ),
    mutation(
        "shared/store/keys/sessions.py",
        "        ON CONFLICT DO NOTHING\n",
        "",
        "integration/store/keys/test_sessions.py::test_an_insertion_may_be_repeated",
    ),
    _template(
        '    "~*^(\\S+) \\1\\.?(:.*)?$" $http_host;\n    default                 $host;\n',
        '    "" $host;\n    default $http_host;\n',
        f"{_NGINX}::test_the_gateway_gets_the_host_that_a_request_is_addressed_to",
    ),
    _template(
        "    proxy_hide_header Cross-Origin-Resource-Policy;\n",
        "",
        f"{_NGINX}::test_no_answer_can_be_embedded_by_other_origins",
    ),
    _template(
        "    add_header X-Frame-Options SAMEORIGIN always;\n\n",
        "",
        f"{_NGINX}::test_no_answer_can_be_embedded_by_other_origins",
    ),
]
