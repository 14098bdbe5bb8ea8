"""Faults in compose.yaml and the Dockerfile that can be read in them."""

from tests.mutants.mutation import mutation

_YAML = "compose/compose.yaml"
_CLAIM = "unit/compose/test_compose_file.py"

MUTATIONS = [
    mutation(_YAML, "  read_only: true\n", "", _CLAIM),
    mutation(_YAML, "cap_drop: [ALL]", "cap_drop: []", _CLAIM),
    mutation("compose/Dockerfile", "USER 10001:10001", "USER root", _CLAIM),
    mutation(_YAML, '"gateway.relay", "--check"]', '"gateway.relay", "--help"]', _CLAIM),
    mutation(
        _YAML,
        "published: ${RECKONER_RABBITMQ_UI_PORT:-15672}\n        host_ip: 127.0.0.1",
        "published: ${RECKONER_RABBITMQ_UI_PORT:-15672}",
        _CLAIM,
    ),
]
