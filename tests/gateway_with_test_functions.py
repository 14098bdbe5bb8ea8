"""A gateway with functions that misbehave, and with constants that a test has changed.

Run as a module, with the constants as one JSON object, such as `{"gateway.server.watchdog._X": 1}`.
"""

import importlib
import json
import sys

from gateway import __main__ as gateway
from tests.child_with_test_functions import REGISTRY

if __name__ == "__main__":
    for path, value in json.loads(sys.argv[1]).items():
        module, _, name = path.rpartition(".")
        setattr(importlib.import_module(module), name, value)
    setattr(gateway, "load_registry", lambda: REGISTRY)  # noqa: B010
    sys.exit(gateway.main())
