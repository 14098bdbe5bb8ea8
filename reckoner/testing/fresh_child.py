"""`python -m reckoner.testing.fresh_child MODULE NAME PATH…`: a child with its own interpreter.

For functions that cannot bear a fork. PATH… is where the parent process finds modules.
"""

import importlib
import sys
from io import TextIOWrapper

from reckoner import Function
from shared.functions.registry import Registry
from workers.sandbox.inside.child import main

if __name__ == "__main__":
    module_name, name, *sys.path = sys.argv[1:]
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # the parent kills it after its result
    members = vars(importlib.import_module(module_name)).values()
    found = [one for one in members if isinstance(one, Function) and one.name == name]
    sys.exit(main(lambda: Registry(found[:1])))
