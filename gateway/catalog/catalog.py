"""The catalog: a walk over folders of documents. A new service or event is a new file, and no existing line changes.

    <service>/service.yaml     how its requests look
    <service>/<name>.yaml      a translator
    <service>/cards/*.yaml     what a subject looks like as a card, for several translators
    <service>/samples/*.yaml   executed by `mattergate test`

Later folders are laid over earlier ones, file by file. Every fault of every file is collected before anything is
refused.
"""

import json
from collections.abc import Container, Iterator, Mapping, Sequence
from copy import copy
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from gateway.catalog import yamlfile
from gateway.catalog.service import Service
from gateway.catalog.translator import CardShape, Translator
from gateway.catalog.yamlfile import placed
from gateway.errors import CatalogError, Fault
from gateway.language.document import Compiler, DocumentPlace, Note
from gateway.language.template import Engine
from gateway.model import JSON

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
    texts = {name: text for name, path in documents.items() if (text := _text(path, faults)) is not None}
    service = _service_of(key, documents["service"], texts.get("service"), faults)
    cards = _cards(key, documents, texts, engine, faults)
    translators = []
    for name, text in texts.items():
        if name == "service" or name.startswith(CARDS):
            continue
        if translator := _translator(f"{key}/{name}", text, str(documents[name]), engine, cards, faults):
            translators.append(translator)
    if service is not None:
        service.adopt(translators, cards)
        service.documents = {name: hash(text) for name, text in texts.items()}
        faults.extend(_overlaps(service))
    return service


def _service_of(key: str, path: Path, text: str | None, faults: list[Fault]) -> Service | None:
    """The service that its document describes, without translators."""
    raw = None if text is None else _load_document(text, str(path), "service", faults)
    if text is None or raw is None:
        return None
    service = Service(key, raw, text, str(path))
    faults.extend(service.faults)
    return service


def revised(service: Service, name: str, text: str, engine: Engine) -> Service:
    """The service with `text` as its translator `name` ("push"), in place of the one so called or beside the others.

    Nothing is read or written, and the service given stays as it is. Raises CatalogError with every fault that `load`
    would find if the text were a file.
    """
    full, faults = f"{service.key}/{name}", list[Fault]()
    file = next((known.file for known in service.translators if known.name == full), f"{full}.yaml")
    made = _translator(full, text, file, engine, service.cards, faults)
    twin = copy(service)
    if made is not None:
        speakers = {known.name: known for known in service.translators} | {full: made}
        twin.adopt([*speakers.values()], service.cards)
        faults.extend(_overlaps(twin))
    if faults:
        raise CatalogError(faults)
    return twin


def _translator(
    name: str, text: str, file: str, engine: Engine, cards: Mapping[str, CardShape], faults: list[Fault]
) -> Translator | None:
    """The translator that a text describes; its faults are noted, and without a shape to compile there is none."""
    raw = _load_document(text, file, "translator", faults)
    if raw is None:
        return None
    translator = Translator(name, raw, engine, text, file, cards)
    faults.extend(translator.faults)
    return translator


def _cards(
    key: str, documents: Mapping[str, Path], texts: Mapping[str, str], engine: Engine, faults: list[Fault]
) -> dict[str, CardShape]:
    made = {}
    for name, text in texts.items():
        if name.startswith(CARDS) and (raw := _load_document(text, str(documents[name]), "card", faults)) is not None:
            noted: list[Note] = []
            made[name.removeprefix(CARDS)] = CardShape(raw, Compiler(engine), DocumentPlace(f"{key}/{name}", (), noted))
            faults.extend(placed(noted, text, str(documents[name])))
    return made


def _overlaps(service: Service) -> Iterator[Fault]:
    for event, first, second in service.index.overlaps():
        problem = f"{event!r} is already spoken for by {first.name}"
        yield Fault(second.file, 1, "events", problem, "give one of the two a `when`")


def _text(path: Path, faults: list[Fault]) -> str | None:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        faults.append(Fault(str(path), 0, "", f"cannot be read: {error}"))
        return None


def _load_document(text: str, file: str, kind: str, faults: list[Fault]) -> dict[str, JSON] | None:
    """What the text of a document says when it holds its meta-schema; otherwise its faults are noted."""
    try:
        raw = yamlfile.load(text, file)
    except CatalogError as error:
        faults.extend(error.faults)
        return None
    schema, validator = meta_schema(kind)
    if validator.is_valid(raw):
        return dict(raw)
    faults.extend(_meta_faults(raw, schema, text, file))
    return None


@cache
def meta_schema(kind: str) -> tuple[JSON, jsonschema_rs.Draft202012Validator]:
    """The meta-schema of "service", "translator", "card" or "sample" documents, and its validator."""
    file = "translator" if kind == "card" else kind
    schema = json.loads((builtin_folder() / f"{file}.schema.json").read_text("utf-8"))
    if kind == "card":  # a part of that of translators, with which it shares nearly all
        schema = {"$defs": schema["$defs"], "$ref": "#/$defs/card"}
    return schema, jsonschema_rs.Draft202012Validator(schema)


def _meta_faults(raw: JSON, schema: JSON, text: str, file: str) -> Iterator[Fault]:
    import jsonschema  # slow to import, needed for faults only

    for error in jsonschema.Draft202012Validator(schema).iter_errors(raw):
        deepest = (
            max(error.context, key=lambda inner: len(inner.absolute_path), default=error) if error.context else error
        )
        hint = deepest.schema.get("description", "") if isinstance(deepest.schema, dict) else ""
        problem = deepest.message if len(deepest.message) < 300 else deepest.message[:300] + "…"
        yield yamlfile.fault(file, text, _place(deepest), problem, hint)


def _place(error: Any) -> tuple[str | int, ...]:
    """Where a fault is; that of a key that may not be there is the key itself."""
    steps = tuple(error.absolute_path)
    if error.validator != "additionalProperties":
        return steps
    return (*steps, next(str(key) for key in error.instance if key not in error.schema.get("properties", {})))
