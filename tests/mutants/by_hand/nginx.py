"""Faults in what NGINX does for Reckoner."""

from tests.mutants.mutation import Mutation, mutation

_CACHE = "integration/nginx/test_cache.py"
_CONNECTIONS = "integration/nginx/test_connections.py"
_GATEWAYS = "integration/nginx/test_gateways.py"
_CREDENTIALS = "integration/nginx/test_credentials.py"
_TRACES = "integration/nginx/test_traces.py"
_PASSING_ON = "integration/nginx/test_passing_on.py"
_PROBLEMS = "integration/nginx/test_problems.py"
_LIMITS = (
    "integration/gateway/routes/test_limits.py::test_nginx_accepts_slightly_more_than_the_gateway"
)
_NO_CLIENT = f"{_CREDENTIALS}::test_no_client_is_answered_with_what_is_stored_for_another"
_ONE_HEADER = f"{_CACHE}::test_one_header_is_enough_to_bypass_the_cache"


def _template(old: str, new: str, *claims: str) -> Mutation:
    return mutation("compose/nginx/reckoner.conf.template", old, new, *claims)


def _script(old: str, new: str, *claims: str) -> Mutation:
    return mutation("compose/nginx/credential.js", old, new, *claims)


MUTATIONS = [
    _template(
        "default         large;",
        'default         "";',
        f"{_CONNECTIONS}::test_large_batches_are_limited_and_small_ones_are_not",
    ),
    _template("        client_max_body_size 0;\n", "", _PROBLEMS),
    _template(
        '"target":"$reckoner_target"',
        '"target":"$request_uri"',
        f"{_TRACES}::test_a_key_in_a_url_is_not_logged",
    ),
    _template("$http_prefer$http_origin", "$http_origin", f"{_ONE_HEADER}[Prefer]"),
    _template("$http_prefer$http_origin", "$http_prefer", f"{_ONE_HEADER}[Origin]"),
    _template("$http_range$http_if_range", "$http_if_range", f"{_ONE_HEADER}[Range]"),
    _template("$http_if_none_match", "", f"{_ONE_HEADER}[If-None-Match]"),
    _template(
        '"~^GET /calculations/[0-9a-f-]{36}/result $" ',
        '"~^GET /calculations/[0-9a-f-]{36}/result (gzip)?$" ',
        f"{_CACHE}::test_a_result_with_gzip_comes_from_the_gateway",
    ),
    _template(
        '"~^GET /calculations/[0-9a-f-]{36} (gzip)?$"',
        '"~ /calculations/[0-9a-f-]{36} (gzip)?$"',
        f"{_CACHE}::test_only_a_get_is_answered_from_the_cache",
    ),
    _template(
        '"~^200 [0-9]{1,5} (',
        '"~^20. [0-9]{1,5} (',
        f"{_CACHE}::test_nginx_caches_only_200_whatever_the_lifetime",
    ),
    _template(
        '"~^200 [0-9]{1,5} (',
        '"~^200 [0-9]+ (',
        f"{_CACHE}::test_a_long_result_is_passed_on_and_not_cached",
    ),
    _template(
        "proxy_ignore_headers Cache-Control Expires Vary;",
        "proxy_ignore_headers Expires Vary;",
        f"{_CACHE}::test_cache_control_and_expires_do_not_make_nginx_cache",
    ),
    _template(
        '"$reckoner_credential $reckoner_host $request_uri";',
        '"$reckoner_credential $reckoner_host";',
        f"{_CACHE}::test_a_result_with_gzip_comes_from_the_gateway",
    ),
    _template('"$reckoner_credential $reckoner_host', '"$reckoner_host', _NO_CLIENT),
    _template(
        '"$reckoner_credential $reckoner_host',
        '"$reckoner_credential',
        f"{_CREDENTIALS}::test_each_host_has_its_own_entries",
    ),
    _template(
        '"$reckoner_credential $reckoner_host',
        '"$http_authorization$http_cookie $reckoner_host',
        f"{_TRACES}::test_no_credential_is_written_to_disk",
    ),
    _template('"~*^\\n(?!.*reckoner_session)"', '"~^\\n(?!.*reckoner_session)"', _NO_CLIENT),
    _template('"~*^\\n(?!.*reckoner_session)"', '"~*^\\n(?!reckoner_session)"', _NO_CLIENT),
    _template(
        '    "~*^\\n(?!.*reckoner_session)"  "";\n',
        "",
        f"{_CREDENTIALS}::test_cookies_of_other_services_on_the_host_are_no_credential",
    ),
    _template(
        "(h[0-9a-f]{64})?$",
        "(h[0-9a-f]{64}|h)?$",
        f"{_CREDENTIALS}::test_a_credential_that_cannot_be_hashed_shares_no_entry",
    ),
    _script("rawVariables", "variables", _NO_CLIENT),
    _script("update(request.rawVariables.reckoner_sent)", "update('')", _NO_CLIENT),
    _template(
        'default "$http_authorization\\n$http_cookie"', 'default "\\n$http_cookie"', _NO_CLIENT
    ),
    _template('"$http_authorization\\n$http_cookie"', '"$http_authorization\\n"', _NO_CLIENT),
    _template(
        "    proxy_no_cache $reckoner_not_to_store;\n",
        "    proxy_no_cache $reckoner_not_to_store;\n    proxy_cache_use_stale updating error;\n",
        f"{_CREDENTIALS}::test_nothing_out_of_date_is_served_while_the_gateway_decides_or_is_away",
    ),
    _template(
        "proxy_ignore_headers Cache-Control Expires Vary;",
        "proxy_ignore_headers Cache-Control Expires Vary Set-Cookie;",
        f"{_CREDENTIALS}::test_nothing_that_sets_a_cookie_is_stored",
    ),
    _template(
        "    proxy_hide_header X-Reckoner-Key;\n",
        "",
        f"{_TRACES}::test_the_log_names_the_key_of_stored_answers_too_and_clients_do_not_see_it",
    ),
    _template(
        "client_body_buffer_size 68k;",
        "client_body_buffer_size 64k;",
        f"{_TRACES}::test_no_credential_is_written_to_disk",
    ),
    _template(
        "    proxy_set_header X-Forwarded-Proto $reckoner_scheme;\n",
        "",
        f"{_PASSING_ON}::test_the_gateway_gets_the_scheme_that_a_proxy_before_nginx_names",
    ),
    _template(
        "proxy_next_upstream error timeout;",
        "proxy_next_upstream error timeout non_idempotent;",
        f"{_GATEWAYS}::test_a_post_that_was_sent_is_never_repeated_and_other_methods_are",
    ),
    _template(
        "proxy_next_upstream error timeout;",
        "proxy_next_upstream off;",
        f"{_GATEWAYS}::test_a_post_goes_to_another_gateway_when_one_is_down",
    ),
    _template(
        "proxy_read_timeout 75s;",
        "proxy_read_timeout 60s;",
        f"{_CONNECTIONS}::test_nginx_waits_longer_than_the_longest_wait",
    ),
    _template(
        "    keepalive_timeout 5s;",
        "    keepalive_timeout 75s;",
        f"{_CONNECTIONS}::test_nginx_closes_an_idle_connection_before_the_gateway_does",
    ),
    _template(
        "    503     2;\n",
        "",
        f"{_GATEWAYS}::test_a_gateway_that_does_not_respond_is_a_503_with_retry_after",
    ),
    _template(
        "error_page 502 503 504 =503 /",
        "error_page 502 503 504 /",
        f"{_GATEWAYS}::test_a_gateway_that_does_not_respond_is_a_503_with_retry_after",
    ),
    _template(
        "        add_header Cache-Control no-store always;\n",
        "",
        f"{_GATEWAYS}::test_a_gateway_that_does_not_respond_is_a_503_with_retry_after",
    ),
    _template(
        "    proxy_hide_header X-Request-ID;\n",
        "",
        f"{_CACHE}::test_a_cached_response_is_the_same_but_for_its_request_id",
    ),
    _template(
        "    proxy_set_header X-Request-ID $reckoner_request_id;\n",
        "",
        f"{_PASSING_ON}::test_gateway_and_client_get_the_same_request_id",
    ),
    _template(
        "    proxy_set_header Host $reckoner_host;\n",
        "",
        f"{_PASSING_ON}::test_the_gateway_gets_the_clients_host",
    ),
    _template(
        "{1,128}$",
        "+$",
        f"{_PASSING_ON}::test_gateway_and_client_get_the_same_request_id",
    ),
    _template(
        "limit_conn_status 429;",
        "limit_conn_status 503;",
        f"{_CONNECTIONS}::test_event_streams_are_limited_by_client_address",
    ),
    _template(
        "limit_conn_zone $binary_remote_addr",
        "limit_conn_zone $server_name",
        f"{_CONNECTIONS}::test_event_streams_are_limited_by_client_address",
    ),
    _template(
        "location ~ ^/+calculations/([^/]+/)?events/?$ {",
        "location ~ ^/calculations/([^/]+/)?events/?$ {",
        f"{_CONNECTIONS}::test_event_streams_are_limited_by_client_address",
    ),
    _template(
        "    gzip_types application/json application/problem+json text/css text/javascript;\n",
        "",
        f"{_PASSING_ON}::test_nginx_compresses_documents_and_leaves_results_to_the_gateway",
    ),
    _template(
        "    server_tokens off;\n",
        "",
        f"{_PASSING_ON}::test_nginx_compresses_documents_and_leaves_results_to_the_gateway",
    ),
    _template(
        "        gzip off;\n",
        "",
        f"{_PASSING_ON}::test_nginx_compresses_documents_and_leaves_results_to_the_gateway",
    ),
    _template(
        "        proxy_pass http://reckoner_gateway;\n\n",
        "        proxy_pass http://reckoner_gateway$uri$is_args$args;\n\n",
        f"{_PASSING_ON}::test_the_gateway_gets_the_url_as_it_was_written",
    ),
    _template(
        '    405     "GET, HEAD, POST, DELETE";\n',
        "",
        f"{_PROBLEMS}::test_a_method_that_nginx_refuses_gets_a_list_of_those_allowed",
    ),
    _template(
        "    default                 $host;\n",
        "    default                 $http_host;\n",
        f"{_PASSING_ON}::test_a_client_of_http_1_0_may_omit_the_host",
    ),
    _template(
        '"gateway_status":"$upstream_status"',
        '"gateway_status":$upstream_status',
        f"{_PASSING_ON}::test_each_request_is_one_line_of_json_in_the_log",
    ),
    _template("client_max_body_size 68k;", "client_max_body_size 63k;", _LIMITS),
    _template("client_max_body_size 68k;", "client_max_body_size 1m;", _LIMITS),
    _template(
        "    location = /calculations/batch/ {\n        client_max_body_size 4200k;",
        "    location = /calculations/batch/ {\n        client_max_body_size 68k;",
        _LIMITS,
    ),
    _template(
        '"~^/calculations/batch/?(\\?|$)"  4194304;\n',
        "",
        _LIMITS,
    ),
]
