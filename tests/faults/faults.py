"""The table of faults."""

from typing import Final

from tests.faults import answers, processes
from tests.faults.world import Fault

FAULTS: Final[tuple[Fault, ...]] = (*processes.FAULTS, *answers.FAULTS)
