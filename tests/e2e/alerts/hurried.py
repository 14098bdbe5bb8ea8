"""`python -m tests.e2e.alerts.hurried gateway`, for example: a process that tells more often.

It runs the module that it is given, but as what it tells Prometheus may be old by default, a test
of alerts would mostly wait.
"""

import runpy
import sys
from importlib import import_module

_CONSTANTS = {
    "gateway": {
        "gateway.metrics.collecting._STORAGE_FRESH_SECONDS": 0.5,
    },
    "gateway.relay": {
        "gateway.relay.lane._DEAD_LETTERS_SECONDS": 0.5,
        "gateway.relay.process._HEARTBEAT_SECONDS": 0.5,
    },
    "workers": {
        "workers.presence._HEARTBEAT_SECONDS": 0.5,
    },
}

if __name__ == "__main__":
    module = sys.argv[1]
    for path, value in _CONSTANTS[module].items():
        owner, _, name = path.rpartition(".")
        assert hasattr(import_module(owner), name), path
        setattr(import_module(owner), name, value)
    del sys.argv[0]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
