"""What is wrong with services, by a close reading of their documents: `python -m gateway.app.closely`.

A large catalog is read by as many processes as there are processors. Each reads one `Share` from standard input and
writes its `Findings` to standard output, both JSON.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from gateway.callbacks import document as _callbacks  # noqa: F401 - registers their kind
from gateway.catalog import files, placeholders, schema_cost, yamlfile
from gateway.catalog.actions import misdirected
from gateway.catalog.catalog import Catalog
from gateway.catalog.kinds import Text
from gateway.catalog.service import Service
from gateway.catalog.translator import Translator
from gateway.errors import Fault

WORTH_A_PROCESS: Final = 20
"""Services that take longer to read than a process takes to start."""

_CHEAPER: Final = "a payload may keep the gateway busy with it: say less in the schema, or say it once"


class Findings(Struct):
    """Faults and warnings of documents."""

    faults: list[Fault] = []
    warnings: list[Fault] = []

    def add(self, other: "Findings") -> None:
        """Add those of another part of the catalog."""
        self.faults += other.faults
        self.warnings += other.warnings


class Share(Struct, frozen=True):
    """The services of a catalog that one process reads."""

    folders: tuple[str, ...]
    keys: tuple[str, ...]


def read_all(folders: Sequence[Path], keys: Sequence[str]) -> Findings:
    """What is wrong with these services of the catalog, in the order of the keys."""
    count = min(os.cpu_count() or 1, len(keys) // WORTH_A_PROCESS)
    if count < 2:
        return _joined([read(folders, keys)], keys)
    shares = [Share(tuple(map(str, folders)), tuple(keys[number::count])) for number in range(count)]
    running = [_start(share) for share in shares[1:]]
    found = [read(folders, shares[0].keys)]
    for share, process in zip(shares[1:], running, strict=True):
        answer, _ = process.communicate()
        done = process.returncode == 0
        found.append(msgspec.json.decode(answer, type=dict[str, Findings]) if done else read(folders, share.keys))
    return _joined(found, keys)


def read(folders: Sequence[Path], keys: Sequence[str]) -> dict[str, Findings]:
    """What is wrong with these services of the catalog, by their keys."""
    known = Catalog(folders)
    return {key: _findings(known, key) for key in keys}


def _findings(known: Catalog, key: str) -> Findings:
    service = known.service(key)
    found = Findings([*known.faults.get(key, ()), *known.close_faults(key)])
    if service is not None:
        found.faults += _of_actions(service, known)
        found.warnings += [one for translator in service.translators for one in _costs(translator)]
        found.warnings += _left(service)
    return found


def _of_actions(service: Service, known: Catalog) -> Iterator[Fault]:
    """The actions of a service that a callback of another service cannot answer."""

    def parts(key: str) -> Mapping[str, Any] | None:
        found = known.service(key)
        return None if found is None else {name: one.part for name, one in found.documents.items() if one.part}

    for wrong in misdirected(service.key, parts(service.key) or {}, parts):
        file = service.documents[wrong.document].file
        yield yamlfile.fault(file, files.read(Path(file)), wrong.steps, wrong.problem)


def _left(service: Service) -> Iterator[Fault]:
    """The placeholders of a draft in the documents of a service."""
    for name, document in service.documents.items():
        yield from placeholders.left(Text(f"{service.key}/{name}", files.read(Path(document.file)), document.file))


def _costs(translator: Translator) -> Iterator[Fault]:
    """The places of a translator's schema whose cost is not bounded by the size of a payload."""
    if found := schema_cost.costs(translator.input):
        text = files.read(Path(translator.file))
        for one in found:
            yield yamlfile.fault(translator.file, text, translator.input_steps(one.steps), one.problem, _CHEAPER)


def _joined(parts: Sequence[Mapping[str, Findings]], keys: Sequence[str]) -> Findings:
    by_key = {key: one for part in parts for key, one in part.items()}
    joined = Findings()
    for key in keys:
        joined.add(by_key[key])
    return Findings(list(dict.fromkeys(joined.faults)), joined.warnings)


def _start(share: Share) -> "subprocess.Popen[bytes]":
    """Start a process with its share; it is read when this one has done its own."""
    places = os.pathsep.join(place or "." for place in sys.path)
    process = subprocess.Popen(  # noqa: S603 - this very module
        (sys.executable, "-P", "-B", "-m", __name__),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": places},
    )
    source, process.stdin = process.stdin, None  # `communicate` reads alone
    assert source is not None  # noqa: S101 - it is a pipe
    with suppress(BrokenPipeError), source:  # its exit code tells
        source.write(msgspec.json.encode(share))
    return process


def main() -> None:
    """Read the share that stands on standard input."""
    share = msgspec.json.decode(sys.stdin.buffer.read(), type=Share)
    found = read(tuple(map(Path, share.folders)), share.keys)
    sys.stdout.buffer.write(msgspec.json.encode(found))


if __name__ == "__main__":
    main()
