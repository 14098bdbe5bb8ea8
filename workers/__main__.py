"""`python -m workers quick` and `python -m workers heavy`."""

import sys

from workers.app import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
