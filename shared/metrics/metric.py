"""What a metric is: its name, its labels, and how the numbers of several processes are one."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of metrics, as Prometheus names them."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Source(StrEnum):
    """Whence the numbers come, and what is made of those of several processes."""

    #: Processes count it; the numbers of all that ever ran are added up.
    PROCESSES = "processes"
    #: Each process says how it is now; the largest counts, since all of them ask the same.
    LARGEST = "largest"
    #: It is what PostgreSQL says when it is asked.
    DATABASE = "database"


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """A metric. `buckets` are upper bounds, of a histogram alone; one without limit is implied.

    Metrics are compared by identity, which is what counting is fast by.
    """

    kind: Kind
    name: str
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    source: Source = Source.PROCESSES
