"""Python imports this at its start where the folder is on PYTHONPATH: the wall clock is ahead by what a file says.

FAULTS_CLOCK names the file: seconds, a double of the machine's own byte order, which may change at any time. The
monotonic clock goes on as it does, as when somebody sets the clock of a machine.
"""

import mmap
import os
import struct
import time
from collections.abc import Callable
from pathlib import Path


def _shift(ahead: Callable[[], float]) -> None:
    seconds, nanoseconds = time.time, time.time_ns
    time.time = lambda: seconds() + ahead()
    time.time_ns = lambda: nanoseconds() + int(ahead() * 1e9)


if "FAULTS_CLOCK" in os.environ:
    with Path(os.environ["FAULTS_CLOCK"]).open("rb") as file:
        _offset = mmap.mmap(file.fileno(), 8, prot=mmap.PROT_READ)
    _shift(lambda: struct.unpack("=d", _offset)[0])
