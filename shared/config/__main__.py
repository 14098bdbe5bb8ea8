"""`python -m shared.config` checks the settings of its environment and does nothing else."""

import sys

from shared.config import load_settings
from shared.errors import SettingsInvalid


def main() -> int:
    """Check the settings of this environment; return the exit status."""
    try:
        load_settings()
    except SettingsInvalid as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
