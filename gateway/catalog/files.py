"""The folders of a catalog: listing and reading of documents and samples. Only this module reads the catalog's files.

    fragments/<name>.yaml      parts that documents of all services use
    <service>/service.yaml     how its requests look
    <service>/shared.yaml      what the documents of the service have in common
    <service>/<name>.yaml      a translator
    <service>/<kind>/*.yaml    documents of other kinds, each kind in a folder of its own (`kinds`)
    <service>/samples/*.yaml   executed by `mattergate test`, and so are those of other kinds:
    <service>/<kind>/samples/*.yaml

Later folders override the first, file by file. Names that begin with a dot belong to version control and editors.
"""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from msgspec import Struct

from gateway.catalog.kinds import FRAGMENTS, KINDS, SERVICE
from gateway.errors import Fault

LARGEST: Final = 1_000_000
"""Bytes that a document may have."""

_ENDING, _OTHER_ENDING = _ENDINGS = ".yaml", ".yml"
_SAMPLES = "samples"


Folders = Sequence[Path]
"""The folders of a catalog: the built-in one first, later ones override it."""


class Stamp(NamedTuple):
    """A file and its status, which shows without reading whether it, or who may read it, has changed."""

    path: Path
    changed: int
    size: int
    inode: int


class Listing(Struct, frozen=True):
    """The documents of some folders: by service, by name ("push", "cards/issue"), and the fragments by name.

    `faults` says why a service cannot be used as it is, `folder_faults` why a whole folder cannot be listed.
    """

    services: Mapping[str, Mapping[str, Stamp]]
    faults: Mapping[str, tuple[Fault, ...]]
    folder_faults: tuple[Fault, ...]
    fragments: Mapping[str, Stamp] = {}


def builtin_folder() -> Path:
    """The catalog that comes with mattergate: inside the package when installed, beside it in a checkout."""
    inside = Path(__file__).parents[1] / "schemas"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "schemas"


def layered(own: Iterable[Path | str]) -> list[Path]:
    """The built-in catalog folder with the user's own over it."""
    return [builtin_folder(), *map(Path, own)]


def scan(folders: Folders) -> Listing:
    """List the documents of these folders, without reading them."""
    services: dict[str, dict[str, Stamp]] = {}
    faults: dict[str, list[Fault]] = {}
    folder_faults: list[Fault] = []
    owners: dict[str, Path] = {}
    homes: dict[str, Path] = {}
    fragments: dict[str, Stamp] = {}
    for number, folder in enumerate(folders):
        try:
            entries = sorted(_folders(folder))
        except OSError as error:
            remedy = "create it, let the gateway read it, or correct [catalog] folders"
            folder_faults.append(_unreadable(folder, "this catalog folder", error, remedy))
            continue
        for path in entries:
            key = path.name
            if key == FRAGMENTS:
                found, wrong = _fragments(path)
                fragments |= found
                folder_faults += wrong
                continue
            documents, wrong = _documents(path)
            if wrong:
                faults.setdefault(key, []).extend(wrong)
            if not documents:
                continue
            if number and (owner := owners.setdefault(key, path)) != path:
                problem = f"the service {key} is also in {owner}: two folders of your own cannot both have it"
                faults.setdefault(key, []).append(
                    Fault(str(_first(documents)), 1, "", problem, "rename one of them, or put both into one folder")
                )
            homes[key] = path
            services[key] = dict(sorted({**services.get(key, {}), **documents}.items()))
    for key, documents in services.items():
        if SERVICE not in documents:
            remedy = f"write {SERVICE}{_ENDING} there"
            faults.setdefault(key, []).append(Fault(str(homes[key]), 0, "", f"there is no {SERVICE}{_ENDING}", remedy))
    told = {key: tuple(found) for key, found in faults.items()}
    return Listing(services, told, tuple(folder_faults), fragments)


def read(path: Path) -> str:
    """The text of a document. Raises OSError, UnicodeDecodeError."""
    return path.read_text("utf-8")


def read_schema(name: str) -> str:
    """The text of a meta-schema: "service", "translator", "sample"."""
    return read(builtin_folder() / f"{name}.schema.json")


def schemas() -> dict[str, str]:
    """The texts of all meta-schemas by the name of their file, "translator.schema.json"."""
    return {path.name: read(path) for path in sorted(builtin_folder().glob("*.schema.json"))}


def samples(folders: Folders, kind: str = "") -> list[tuple[str, Path]]:
    """(service key, file) of every sample; a later folder's file replaces an earlier one of the same name.

    `kind` is the folder of the kind of documents that have samples of their own ("": translators and cards).
    """
    found: dict[tuple[str, str], Path] = {}
    for folder in folders:
        for path in sorted(folder.glob("/".join(filter(None, ("*", kind, _SAMPLES, f"*{_ENDING}"))))):
            found[path.relative_to(folder).parts[0], path.name] = path
    return [(service, path) for (service, _), path in sorted(found.items())]


def misnamed_samples(folders: Folders) -> list[tuple[str, Fault]]:
    """(service key, fault) of every file among samples that looks like one, and is none by its name."""
    patterns = {"/".join(filter(None, ("*", kind.folder, _SAMPLES, f"*{_OTHER_ENDING}"))) for kind in KINDS.values()}
    found = [(folder, path) for folder in folders for one in sorted(patterns) for path in sorted(folder.glob(one))]
    return [(path.relative_to(folder).parts[0], _misnamed(path)) for folder, path in found]


def _misnamed(path: Path) -> Fault:
    remedy = f"call it {path.stem}{_ENDING}, or remove it"
    return Fault(str(path), 0, "", f"documents end in {_ENDING}: this one is not read", remedy)


def _folders(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                if entry.name.startswith(".") or not entry.is_dir():
                    continue
            except OSError:  # a circular link: listing it below raises again, which becomes a fault of its service
                pass
            yield Path(entry.path)


def _documents(folder: Path) -> tuple[dict[str, Stamp], list[Fault]]:
    """The stamps of the documents of one service, by name, and what cannot be looked at."""
    stamps: dict[str, Stamp] = {}
    faults: list[Fault] = []
    for kind in sorted(KINDS.values(), key=lambda kind: kind.folder):
        try:
            found, wrong = _in_folder(folder / kind.folder)
        except OSError as error:
            return {}, [_unreadable(folder / kind.folder, "this folder", error, "let the gateway read it")]
        stamps |= {kind.document(stem): stamp for stem, stamp in found.items()}
        faults += wrong
    return dict(sorted(stamps.items())), faults


def _fragments(folder: Path) -> tuple[dict[str, Stamp], list[Fault]]:
    """The stamps of the fragments of one catalog folder, by name, and what cannot be looked at."""
    try:
        return _in_folder(folder)
    except OSError as error:
        return {}, [_unreadable(folder, "this folder", error, "let the gateway read it")]


def _in_folder(folder: Path) -> tuple[dict[str, Stamp], list[Fault]]:
    """The stamps of the documents in a folder, by their stem, and what is none. Raises OSError for the folder."""
    stamps: dict[str, Stamp] = {}
    faults: list[Fault] = []
    try:
        with os.scandir(folder) as entries:
            files = [entry for entry in entries if entry.name.endswith(_ENDINGS) and entry.name[0] != "."]
    except (FileNotFoundError, NotADirectoryError):  # a kind of which there are none, or a folder gone just now
        return {}, []
    for entry in files:
        if entry.name.endswith(_OTHER_ENDING):
            faults.append(_misnamed(Path(entry.path)))
            continue
        found = _stamp(entry)
        if isinstance(found, Fault):
            faults.append(found)
        elif found is not None:
            stamps[entry.name.removesuffix(_ENDING)] = found
    return dict(sorted(stamps.items())), faults


def _stamp(entry: "os.DirEntry[str]") -> Stamp | Fault | None:
    """The stamp of a document, or why it is none; None when it went away just now."""
    path = Path(entry.path)
    try:
        status = entry.stat()
    except OSError as error:
        if entry.is_symlink():  # circular, or to nothing
            return _unreadable(path, "this document", error, "let the link lead to a file, or remove it")
        if isinstance(error, FileNotFoundError):
            return None
        return _unreadable(path, "this document", error, "let the gateway read its folder")
    if not stat.S_ISREG(status.st_mode):
        return Fault(str(path), 0, "", "this is no file, as a document is", "rename or remove it")
    if status.st_size > LARGEST:
        return Fault(str(path), 0, "", f"this document is larger than {LARGEST:,} bytes", "divide it")
    return Stamp(path, status.st_ctime_ns, status.st_size, status.st_ino)


def _first(documents: Mapping[str, Stamp]) -> Path:
    return min(stamp.path for stamp in documents.values())


def _unreadable(path: Path, what: str, error: OSError, remedy: str) -> Fault:
    problem = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"
    return Fault(str(path), 0, "", f"{what} {problem}", remedy)
