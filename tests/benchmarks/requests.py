"""Suite 2: requests per second through NGINX, and how long they take below that rate."""

from typing import Any

from tests.benchmarks.downloads import measure_downloads, measure_memory
from tests.benchmarks.figures import Effort
from tests.benchmarks.look_ups import measure_look_ups
from tests.benchmarks.servers import Servers
from tests.benchmarks.submissions import measure_submissions


def run(servers: Servers, effort: Effort) -> dict[str, Any]:
    """Measure submissions, look-ups, downloads, and the memory of a large download."""
    return {
        "submissions": measure_submissions(servers, effort),
        "look_ups": measure_look_ups(servers, effort),
        "downloads": measure_downloads(servers, effort),
        "memory": measure_memory(servers, effort),
    }
