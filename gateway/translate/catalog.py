"""The catalog: a walk over folders of documents. A new service or event is a new file, and no existing line changes.

    <service>/service.yaml     how its requests look
    <service>/<name>.yaml      a translator
    <service>/cards/*.yaml     what a subject looks like as a card, for several translators
    <service>/samples/*.yaml   executed by `mattergate test`

Later folders are laid over earlier ones, file by file. Every fault of every file is collected before anything is
refused.
"""

import json
from collections.abc import Container, Mapping, Sequence
from functools import cache
from pathlib import Path

import jsonschema_rs

from gateway.errors import CatalogError, Fault
from gateway.model import JSON
from gateway.translate import yamlfile
from gateway.translate.service import Service
from gateway.translate.shape import Compiler, Note, Place, placed
from gateway.translate.template import Engine
from gateway.translate.translator import CardShape, Translator

GENERIC = "generic"
CARDS = "cards/"


def builtin_folder() -> Path:
    """The catalog that comes with mattergate: inside the package when installed, beside it in a checkout."""
    inside = Path(__file__).parents[1] / "schemas"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "schemas"


class Catalog:
    """Services by key. Built whole by `load`; never changed afterwards: a reload makes a new one."""

    def __init__(self, services: Mapping[str, Service]) -> None:
        self.services = services

    def service(self, key: str) -> Service | None:
        """The service of this key, if the catalog has it."""
        return self.services.get(key)


def files(folders: Sequence[Path]) -> dict[str, dict[str, Path]]:
    """Service key -> document name -> file; a later folder's file replaces an earlier one of the same name."""
    found: dict[str, dict[str, Path]] = {}
    for folder in folders:
        for path in sorted(folder.glob("*/*.yaml")):
            found.setdefault(path.parent.name, {})[path.stem] = path
        for path in sorted(folder.glob("*/cards/*.yaml")):
            found.setdefault(path.parents[1].name, {})[f"{CARDS}{path.stem}"] = path
    return found


def samples(folders: Sequence[Path]) -> list[tuple[str, Path]]:
    """(service key, file) of every sample; a later folder's file replaces an earlier one of the same name."""
    found: dict[tuple[str, str], Path] = {}
    for folder in folders:
        for path in sorted(folder.glob("*/samples/*.yaml")):
            found[path.parents[1].name, path.name] = path
    return [(service, path) for (service, _), path in sorted(found.items())]


def load(folders: Sequence[Path], only: Container[str] | None = None) -> Catalog:
    """The catalog of these folders, later ones laid over earlier ones; with `only`, no other services are looked at.

    Raises CatalogError with every fault.
    """
    faults = [
        Fault(str(folder), 0, "", "this catalog folder does not exist", "create it or correct [catalog] folders")
        for folder in folders
        if not folder.is_dir()
    ]
    engine = Engine()
    services = {}
    for key, documents in files(folders).items():
        if only is not None and key not in only:
            continue
        service = _service(key, documents, engine, faults)
        if service is not None:
            services[key] = service
    if faults:
        raise CatalogError(faults)
    return Catalog(services)


def _service(key: str, documents: Mapping[str, Path], engine: Engine, faults: list[Fault]) -> Service | None:
    if "service" not in documents:
        folder = next(iter(documents.values())).parent
        faults.append(Fault(str(folder), 0, "", "there is no service.yaml", "write one beside the translators"))
        return None
    path = documents["service"]
    loaded = _document(path, "service", faults)
    service = Service(key, loaded[0], loaded[1], str(path)) if loaded else None
    if service is not None:
        faults.extend(service.faults)
    cards = _cards(key, documents, engine, faults)
    translators = []
    for name, document in documents.items():
        if name == "service" or name.startswith(CARDS):
            continue
        if (loaded := _document(document, "translator", faults)) is None:
            continue
        translator = Translator(f"{key}/{name}", loaded[0], engine, loaded[1], str(document), cards)
        faults.extend(translator.faults)
        translators.append(translator)
    if service is not None:
        service.adopt(translators)
        faults.extend(_overlap(*overlap, documents) for overlap in service.index.overlaps())
    return service


def _cards(key: str, documents: Mapping[str, Path], engine: Engine, faults: list[Fault]) -> dict[str, CardShape]:
    made = {}
    for name, path in documents.items():
        if name.startswith(CARDS) and (loaded := _document(path, "card", faults)):
            noted: list[Note] = []
            made[name.removeprefix(CARDS)] = CardShape(loaded[0], Compiler(engine), Place(f"{key}/{name}", (), noted))
            faults.extend(placed(noted, loaded[1], str(path)))
    return made


def _overlap(event: str, first: Translator, second: Translator, documents: Mapping[str, Path]) -> Fault:
    file = documents[second.name.partition("/")[2]]
    problem = f"{event!r} is already spoken for by {first.name}"
    return Fault(str(file), 1, "events", problem, "give one of the two a `when`")


def _document(path: Path, kind: str, faults: list[Fault]) -> tuple[dict[str, JSON], str] | None:
    """The document and its text when it holds its meta-schema; otherwise its faults are noted."""
    try:
        text = path.read_text("utf-8")
        raw = yamlfile.load(text, str(path))
    except CatalogError as error:
        faults.extend(error.faults)
        return None
    except (OSError, UnicodeDecodeError) as error:
        faults.append(Fault(str(path), 0, "", f"cannot be read: {error}"))
        return None
    schema, validator = meta_schema(kind)
    if validator.is_valid(raw):
        return raw, text
    faults.extend(_meta_faults(raw, schema, text, path))
    return None


@cache
def meta_schema(kind: str) -> tuple[JSON, jsonschema_rs.Draft202012Validator]:
    """The meta-schema of "service", "translator", "card" or "sample" documents, and its validator."""
    file = "translator" if kind == "card" else kind
    schema = json.loads((builtin_folder() / f"{file}.schema.json").read_text("utf-8"))
    if kind == "card":  # a part of that of translators, with which it shares nearly all
        schema = {"$defs": schema["$defs"], "$ref": "#/$defs/card"}
    return schema, jsonschema_rs.Draft202012Validator(schema)


def _meta_faults(raw: JSON, schema: JSON, text: str, path: Path) -> list[Fault]:
    import jsonschema  # slow to import, needed for faults only

    faults = []
    for error in jsonschema.Draft202012Validator(schema).iter_errors(raw):
        deepest = (
            max(error.context, key=lambda inner: len(inner.absolute_path), default=error) if error.context else error
        )
        steps = tuple(deepest.absolute_path)
        hint = deepest.schema.get("description", "") if isinstance(deepest.schema, dict) else ""
        problem = deepest.message if len(deepest.message) < 300 else deepest.message[:300] + "…"
        faults.append(Fault(str(path), yamlfile.line_of(text, steps), "/".join(map(str, steps)), problem, hint))
    return faults
