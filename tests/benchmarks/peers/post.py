"""Posts prepared bodies over HTTP with some clients at once, each on a connection of its own.

Run as `python -m tests.benchmarks.peers.post <URL> <clients> <file with a body per line>`.
"""

import json
import sys
import threading
import time
from collections import deque
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

_HEADERS = {"Content-Type": "application/json"}


def main() -> None:
    url, clients = urlsplit(sys.argv[1]), int(sys.argv[2])
    bodies = deque(Path(sys.argv[3]).read_bytes().splitlines())
    failures: list[str] = []

    def post_until_none_is_left() -> None:
        # It connects again by itself where a server closes after each answer.
        connection = HTTPConnection(url.hostname or "", url.port, timeout=60)
        try:
            while not failures:
                connection.request("POST", url.path, bodies.popleft(), _HEADERS)
                answer = connection.getresponse()
                text = answer.read()
                if answer.status != 202:
                    failures.append(f"{answer.status}: {text[:500]!r}")
        except IndexError:
            connection.close()
        except OSError as error:
            failures.append(repr(error))

    threads = [threading.Thread(target=post_until_none_is_left) for _ in range(clients)]
    began, cpu_began = time.monotonic(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        sys.exit(failures[0])
    print(json.dumps({"began": began, "cpu_seconds": time.process_time() - cpu_began}))


if __name__ == "__main__":
    main()
