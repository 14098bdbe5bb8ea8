"""Faults in what NGINX does for Reckoner."""

from tests.mutants.mutation import Mutation, mutation

_CACHE = "integration/nginx/test_nginx_cache.py"
_NGINX = "integration/nginx/test_nginx.py"
_LIMITS = (
    "integration/gateway/routes/test_limits.py"
    "::test_nginx_takes_a_little_more_so_that_the_gateway_can_say_what_is_too_long"
)
_ONE_HEADER = f"{_CACHE}::test_one_header_is_enough_for_the_gateway_to_be_asked_and_nothing_is_kept"


def _template(old: str, new: str, *claims: str) -> Mutation:
    return mutation("compose/nginx/reckoner.conf.template", old, new, *claims)


MUTATIONS = [
    _template("$http_prefer$http_authorization", "$http_authorization", f"{_ONE_HEADER}[Prefer]"),
    _template("$http_authorization$http_x", "$http_x", f"{_ONE_HEADER}[Authorization]"),
    _template("$http_range$http_if_range", "$http_if_range", f"{_ONE_HEADER}[Range]"),
    _template("$http_if_none_match", "", f"{_ONE_HEADER}[If-None-Match]"),
    _template(
        '"~^GET /calculations/[0-9a-f-]{36}/result $" ',
        '"~^GET /calculations/[0-9a-f-]{36}/result (gzip)?$" ',
        f"{_CACHE}::test_who_names_gzip_gets_a_result_from_the_gateway",
    ),
    _template(
        '"~^GET /calculations/[0-9a-f-]{36} (gzip)?$"',
        '"~ /calculations/[0-9a-f-]{36} (gzip)?$"',
        f"{_CACHE}::test_only_a_get_is_answered_from_the_cache",
    ),
    _template(
        '"~^200 [0-9]{1,5}$" 0;',
        '"~^20. [0-9]{1,5}$" 0;',
        "integration/gateway/routes/test_errors_and_caches.py"
        "::test_nginx_stores_nothing_but_200_whatever_lifetime_it_came_with",
    ),
    _template(
        '"~^200 [0-9]{1,5}$" 0;',
        '"~^200 [0-9]+$" 0;',
        f"{_CACHE}::test_a_long_result_is_passed_on_and_not_kept",
    ),
    _template(
        "proxy_ignore_headers Cache-Control Expires Vary;",
        "proxy_ignore_headers Expires Vary;",
        f"{_CACHE}::test_what_clients_may_keep_is_not_what_nginx_may_keep",
    ),
    _template(
        "proxy_cache_key $request_uri;",
        "proxy_cache_key $host;",
        f"{_CACHE}::test_who_names_gzip_gets_a_result_from_the_gateway",
    ),
    _template(
        "proxy_next_upstream error timeout;",
        "proxy_next_upstream error timeout non_idempotent;",
        f"{_NGINX}::test_a_post_that_was_sent_is_never_sent_again_and_others_are",
    ),
    _template(
        "proxy_next_upstream error timeout;",
        "proxy_next_upstream off;",
        f"{_NGINX}::test_a_post_goes_to_another_gateway_when_one_is_not_there",
    ),
    _template(
        "proxy_read_timeout 75s;",
        "proxy_read_timeout 60s;",
        f"{_NGINX}::test_nobody_is_cut_off_who_waits_as_long_as_may_be",
    ),
    _template(
        "    keepalive_timeout 5s;",
        "    keepalive_timeout 75s;",
        f"{_NGINX}::test_nginx_lets_go_of_an_idle_connection_before_the_gateway_does",
    ),
    _template(
        "    503     2;\n",
        "",
        f"{_NGINX}::test_a_gateway_that_gives_no_answer_is_a_503_that_says_when_to_ask_again",
    ),
    _template(
        "error_page 502 503 504 =503 /",
        "error_page 502 503 504 /",
        f"{_NGINX}::test_a_gateway_that_gives_no_answer_is_a_503_that_says_when_to_ask_again",
    ),
    _template(
        "        add_header Cache-Control no-store always;\n",
        "",
        f"{_NGINX}::test_a_gateway_that_gives_no_answer_is_a_503_that_says_when_to_ask_again",
    ),
    _template(
        "    proxy_hide_header X-Request-ID;\n",
        "",
        f"{_CACHE}::test_the_second_of_two_has_what_the_first_had_and_an_id_of_its_own",
    ),
    _template(
        "    proxy_set_header X-Request-ID $reckoner_request_id;\n",
        "",
        f"{_NGINX}::test_the_gateway_hears_the_request_id_that_the_client_is_told",
    ),
    _template(
        "    proxy_set_header Host $reckoner_host;\n",
        "",
        f"{_NGINX}::test_the_gateway_hears_the_host_that_the_client_asked",
    ),
    _template(
        "{1,128}$",
        "+$",
        f"{_NGINX}::test_the_gateway_hears_the_request_id_that_the_client_is_told",
    ),
    _template(
        "limit_conn_status 429;",
        "limit_conn_status 503;",
        f"{_NGINX}::test_an_address_has_so_many_event_streams_and_no_more",
    ),
    _template(
        "limit_conn_zone $binary_remote_addr",
        "limit_conn_zone $server_name",
        f"{_NGINX}::test_an_address_has_so_many_event_streams_and_no_more",
    ),
    _template(
        "    gzip_types application/json application/problem+json;\n",
        "",
        f"{_NGINX}::test_nginx_compresses_json_and_leaves_digits_to_the_gateway",
    ),
    _template(
        "gzip_types application/json application/problem+json;",
        "gzip_types application/json application/problem+json text/plain;",
        f"{_NGINX}::test_nginx_compresses_json_and_leaves_digits_to_the_gateway",
    ),
    _template(
        "    server_tokens off;\n",
        "",
        f"{_NGINX}::test_nginx_compresses_json_and_leaves_digits_to_the_gateway",
    ),
    _template(
        "        proxy_pass http://reckoner_gateway;\n\n",
        "        proxy_pass http://reckoner_gateway$uri$is_args$args;\n\n",
        f"{_NGINX}::test_the_gateway_hears_the_address_as_it_was_written",
    ),
    _template(
        '    405     "GET, HEAD, POST, DELETE";\n',
        "",
        f"{_NGINX}::test_a_method_that_nginx_refuses_is_told_those_there_are",
    ),
    _template(
        '    ""      $host;\n',
        "",
        f"{_NGINX}::test_a_client_of_http_1_0_may_leave_the_host_out",
    ),
    _template(
        '"gateway_status":"$upstream_status"',
        '"gateway_status":$upstream_status',
        f"{_NGINX}::test_each_request_is_one_line_of_json_in_the_log",
    ),
    _template("client_max_body_size 68k;", "client_max_body_size 63k;", _LIMITS),
    _template("client_max_body_size 68k;", "client_max_body_size 1m;", _LIMITS),
    _template(
        "    location = /calculations/batch/ {\n        client_max_body_size 4200k;",
        "    location = /calculations/batch/ {\n        client_max_body_size 68k;",
        _LIMITS,
    ),
    _template(
        '"~^/calculations/batch/?(\\?|$)" 4194304;\n',
        "",
        _LIMITS,
    ),
]
