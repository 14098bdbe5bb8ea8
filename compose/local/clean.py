"""`make clean`: delete what `make up` keeps, the database included."""

import shutil
import sys

from compose.local.state_folder import STATE, locked
from compose.services import Postgres, ServiceError
from compose.services.leftovers import end_leftovers


def main() -> int:
    """Delete the state folder, unless it is in use; return the exit status."""
    if not STATE.exists():
        return 0
    try:
        with locked(STATE):
            end_leftovers(STATE.glob("*/*.process"))
            # Its data may be outside of the state folder.
            Postgres(STATE / "postgres", 0).remove()
            shutil.rmtree(STATE)
    except ServiceError as error:
        print(f"{error.problem}\n{error.remedy}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
