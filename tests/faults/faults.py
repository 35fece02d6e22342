"""The table of faults."""

from typing import Final

from tests.faults import answers, disks, hosts, journals, processes
from tests.faults.world import Fault

FAULTS: Final[tuple[Fault, ...]] = (*processes.FAULTS, *disks.FAULTS, *journals.FAULTS, *answers.FAULTS, *hosts.FAULTS)
