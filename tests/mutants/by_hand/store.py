"""Faults in the statements (shared/store)."""

from tests.mutants.mutation import mutation

_LEASES = "shared/store/leases.py"

MUTATIONS = [
    mutation(
        "shared/store/outbox.py",
        "        ORDER BY not_before\n        LIMIT {limit}",
        "        ORDER BY not_before DESC\n        LIMIT {limit}",
        "integration/test_store.py",
    ),
]
