"""Submits to a peer in bulk: the rows of a thousand with one INSERT, then their tasks.

Run as `python -m tests.benchmarks.peers.submit <peer's module> <file of works>`, and with
`only-tasks` at the end for a peer that keeps its results in a table of its own.
"""

import importlib
import json
import sys
import time
from pathlib import Path

from tests.benchmarks.peers import table, work


def main() -> None:
    peer = importlib.import_module(f"tests.benchmarks.peers.{sys.argv[1]}")
    is_without_rows = sys.argv[3:] == ["only-tasks"]
    batches = work.batches(work.read(Path(sys.argv[2])))
    connection = table.connect()
    with peer.publisher() as publish:
        began, cpu_began = time.monotonic(), time.process_time()
        for batch in batches:
            if not is_without_rows:
                table.insert(connection, batch)
            publish(batch)
        cpu_seconds = time.process_time() - cpu_began
    print(json.dumps({"began": began, "cpu_seconds": cpu_seconds}))


if __name__ == "__main__":
    main()
