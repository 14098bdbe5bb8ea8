"""`python run_javascript.py FILE FUNCTION`: call a function of a JavaScript file for each line.

Each line of standard input is a JSON list of arguments; each line of output is what was returned.
A process of its own: V8 has threads, which a test that forks would not survive.
"""

import json
import os
import sys
from pathlib import Path

from py_mini_racer import MiniRacer


def main() -> None:
    path, name = sys.argv[1:]
    engine = MiniRacer()
    engine.eval(Path(path).read_text())
    for line in sys.stdin:
        print(json.dumps(engine.call(name, *json.loads(line))))  # noqa: T201
    sys.stdout.flush()
    os._exit(0)  # V8's own end can wait for its threads without end


main()
