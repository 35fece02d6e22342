"""The process in which one edited document is compiled and run: `python -m gateway.console.sandbox_process`.

It reads one `Job` from standard input and writes one `Edited` to standard output, both JSON. It compiles the service as
the files of the catalog are now, then limits itself for good, and only then touches the edited document. The kernel
ends what exceeds a limit; `sandbox` says so to whoever edits.
"""

import math
import os
import resource
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
from msgspec import Struct

from gateway.catalog.build import revised
from gateway.catalog.catalog import Catalog
from gateway.catalog.service import Service
from gateway.console.tryout_result import FAULTS, Result, result
from gateway.errors import CatalogError, Fault
from gateway.language.template import Engine
from gateway.model import Request
from gateway.pipeline.interpret import Wishes

SECONDS: Final = 1
"""Seconds of processor time for an edited document, compiled and run; the kernel counts whole ones."""
MEMORY: Final = 256_000_000
"""Bytes of address space of the whole process. The largest service of the catalog, compiled, takes 70 million."""
LARGEST: Final = 4_000_000
"""Bytes of an answer."""
OUT_OF_MEMORY, TOO_LARGE, NO_LIMITS = 81, 82, 83
"""Exit codes: the memory did not suffice, the answer is larger than LARGEST, the process may not limit itself."""

_NICENESS: Final = 10
_PANIC: Final = "PanicException"
"""What the engine raises where Python gave it no memory; no module offers the class."""


class Sent(Struct, frozen=True):
    """A request, with the wishes of the route that it was sent to."""

    request: Request
    wishes: Wishes


class Job(Struct, frozen=True):
    """A document to be tried as `name` ("push") of a service, and the requests that it is tried with."""

    folders: tuple[str, ...]
    service: str
    name: str
    document: str
    requests: tuple[Sent, ...]

    @property
    def full_name(self) -> str:
        """The name of the document in the catalog: "github/push"."""
        return f"{self.service}/{self.name}"


class DocumentFault(Struct, frozen=True):
    """What is wrong in the edited document; `line` and `column` count from 1, 0 is unknown."""

    line: int
    column: int
    where: str
    problem: str
    remedy: str


class Edited(Struct, frozen=True):
    """The results of an edited document, one for each request; none when it has `faults`."""

    results: tuple[Result, ...] = ()
    faults: tuple[DocumentFault, ...] = ()


def main(source: BinaryIO, target: BinaryIO) -> int:
    """Do the one job; the exit code."""
    job = msgspec.json.decode(source.read(), type=Job)
    with suppress(OSError):  # before the gateway, should memory run out for all; no such file outside of Linux
        Path("/proc/self/oom_score_adj").write_text("1000")
    service = Catalog(tuple(map(Path, job.folders))).service(job.service)
    if service is None:
        gone = f"the catalog folders have no service {job.service} any more"
        answer = Edited(faults=(DocumentFault(0, 0, "", gone, "put its folder back"),))
        target.write(msgspec.json.encode(answer))
        return 0
    try:
        limit()
    except OSError:
        return NO_LIMITS
    try:
        encoded = msgspec.json.encode(tried(job, service))
    except BaseException as error:
        if isinstance(error, MemoryError) or type(error).__name__ == _PANIC:
            return OUT_OF_MEMORY
        raise
    if len(encoded) > LARGEST:
        return TOO_LARGE
    target.write(encoded)
    return 0


def limit() -> None:
    """Give up, for good, all but SECONDS of processor time and MEMORY bytes, and the right to write files.

    Raises OSError where that is not allowed: no document is tried without limits.
    """
    with suppress(OSError):  # a sandbox around the gateway may not allow it
        os.nice(_NICENESS)
    seconds = math.ceil(time.process_time() + SECONDS)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))  # SIGXCPU, then SIGKILL
    for kind, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(kind, (most, most))


def tried(job: Job, service: Service) -> Edited:
    """What the requests of a job become by the edited document."""
    try:
        twin = revised(service, job.name, job.document, Engine())
    except CatalogError as error:
        documents = service.documents
        file = documents[job.name].file if job.name in documents else f"{job.full_name}.yaml"
        return Edited(faults=tuple(_document_fault(fault, file) for fault in error.faults[:FAULTS]))
    texts = {job.full_name: job.document}
    return Edited(tuple(result(twin, one.request, one.wishes, texts) for one in job.requests))


def _document_fault(fault: Fault, file: str) -> DocumentFault:
    """A fault as the editor shows it; one of another document has no line here."""
    here = fault.file == file
    problem = fault.problem if here else f"{Path(fault.file).name}: {fault.problem}"
    return DocumentFault(fault.line if here else 0, fault.column if here else 0, fault.where, problem, fault.remedy)


if __name__ == "__main__":
    sys.exit(main(sys.stdin.buffer, sys.stdout.buffer))
