"""Computing what is cheap in its own request, checked like everything else."""

import time

from shared.calculation import Calculation
from shared.digits import summarize
from shared.store.rows import FinishedResult
