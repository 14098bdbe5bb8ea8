"""Faults in the alert rules, in Prometheus' configuration and in its service."""

from tests.mutants.mutation import mutation

_RULES = "compose/prometheus/rules"
_PROMTOOL = "integration/compose/test_prometheus_files.py"
_READ = "unit/compose/test_alert_rules.py"
_COMPOSE = "unit/compose/test_compose_file.py"

MUTATIONS = [
    mutation(
        f"{_RULES}/availability.yml", "reckoner_relays == 0", "reckoner_relays < 0", _PROMTOOL
    ),
    mutation(
        f"{_RULES}/availability.yml",
        "unless on (job, instance, lane) reckoner_workers > 0",
        "unless on (job, instance) reckoner_workers > 0",
        _PROMTOOL,
    ),
    mutation(
        f"{_RULES}/queues.yml",
        "          unless on (job, instance, lane) reckoner_busy_slots"
        " >= on (job, instance, lane) reckoner_slots\n",
        "",
        _PROMTOOL,
    ),
    mutation(
        f"{_RULES}/queues.yml",
        "reckoner_queued_bytes_limit > 0",
        "reckoner_queued_bytes_limit >= 0",
        _PROMTOOL,
    ),
    mutation(
        f"{_RULES}/counts.yml",
        "((reckoner_requests_refused_total unless reckoner_requests_refused_total offset 15m)\n"
        "            and on (job, instance) reckoner_relays offset 15m)\n          or ",
        "",
        _PROMTOOL,
    ),
    mutation(f"{_RULES}/queues.yml", "(reckoner_slots > 0)", "reckoner_slots", _PROMTOOL),
    mutation(
        f"{_RULES}/availability.yml",
        "last_over_time(reckoner_database_up[1m]) == 0",
        "reckoner_database_up == 0",
        _PROMTOOL,
    ),
    mutation(
        f"{_RULES}/storage.yml",
        "and on (job, instance) delta(reckoner_stored_result_bytes[30m]) >= 0",
        "and on (job, instance) reckoner_stored_result_bytes >= 0",
        _PROMTOOL,
    ),
    mutation(
        f"{_RULES}/storage.yml",
        "unless on (job, instance) increase(reckoner_results_pruned_total[1d]) > 0",
        "unless on (job, instance) increase(reckoner_results_pruned_total[1d]) < 0",
        _PROMTOOL,
    ),
    mutation(
        f"{_RULES}/storage.yml",
        "reckoner_retention_fault > 0",
        "reckoner_retention_failure > 0",
        _READ,
    ),
    mutation(f"{_RULES}/requests.yml", 'status=~"5.."}[5m])', 'status=~"[45].."}[5m])', _PROMTOOL),
    mutation(
        "compose/prometheus/prometheus.yml",
        "gateway.reckoner.internal:8081",
        "gateway:8081",
        _COMPOSE,
    ),
    mutation(
        "compose/compose.yaml",
        "published: ${RECKONER_PROMETHEUS_PORT:-9090}\n        host_ip: 127.0.0.1",
        "published: ${RECKONER_PROMETHEUS_PORT:-9090}\n        host_ip: 0.0.0.0",
        _COMPOSE,
    ),
]
