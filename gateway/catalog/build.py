"""Builds a service from the texts of its documents: checks, compiles, combines them. Unchanged ones are reused."""

from collections.abc import Iterator, Mapping

from gateway.catalog import yamlfile
from gateway.catalog.actions import CALLBACKS, misdirected
from gateway.catalog.fragments import NO_FRAGMENTS, KnownFragments
from gateway.catalog.kinds import ITSELF, KINDS, SERVICE, SHARED, Kind, Text, kind_of, parts_of
from gateway.catalog.metaschema import meta_faults
from gateway.catalog.scope import Scope
from gateway.catalog.service import Document, Service
from gateway.catalog.shared import scope_of
from gateway.catalog.translator import Translator
from gateway.errors import CatalogError, Fault
from gateway.language.template import Engine
from gateway.model import JSON


def build(
    key: str,
    texts: Mapping[str, Text],
    engine: Engine,
    before: Service | None = None,
    fragments: KnownFragments = NO_FRAGMENTS,
) -> tuple[Service, list[Fault]]:
    """The service of `texts` (by the name of the document), and the faults in them and in the fragments they use.

    With any fault, the service has no translators and the generic one speaks for it: the events of a faulty document
    might match another document. Documents of `before` whose texts are the same are not compiled again.
    """
    plain, faults = described(key, texts[SERVICE])
    plain.fragments = fragments
    plain.scope, wrong = _scope(texts.get(SHARED), engine, fragments)
    faults += wrong
    compiled = {name: Document(hash(texts[name].text), texts[name].file) for name in ITSELF if name in texts}
    like = before is not None and before.scope.digest == plain.scope.digest
    known = before.documents if before is not None and like and fragments.continues(before.fragments) else {}
    for name, source in texts.items():
        if name in ITSELF:
            continue
        document = known.get(name)
        if document is None or (document.digest, document.file) != (hash(source.text), source.file):
            document = _compile(source, kind_of(name), engine, plain.scope, faults)
        compiled[name] = document
    faults += fragments.faults
    service = plain.with_documents(compiled)
    faults += _contradictions(service, texts)
    return (plain if faults else service), faults


def _scope(source: Text | None, engine: Engine, fragments: KnownFragments) -> tuple[Scope, list[Fault]]:
    """What the documents of a service share, and the faults in its shared.yaml."""
    faults: list[Fault] = []
    raw = _load_valid(source, "translator", SHARED, faults) if source is not None else None
    if raw is None:
        return Scope(fragments=fragments), faults
    return scope_of(source, raw, fragments, engine)


def revised(service: Service, name: str, text: str, engine: Engine) -> Service:
    """The service with `text` as its document `name` ("push"), which is replaced or added.

    The service given stays as it is. Raises CatalogError with every fault that the text would have as a file.
    """
    full, faults = f"{service.key}/{name}", list[Fault]()
    file = service.documents[name].file if name in service.documents else f"{full}.yaml"
    source = Text(full, text, file)
    try:
        kind = kind_of(name)
    except KeyError:
        problem = "a service has no documents in such a folder"
        raise CatalogError([Fault(file, 0, "", problem, "name a translator without a slash")]) from None
    if name in ITSELF:
        raise CatalogError([Fault(file, 0, "", f"{name}.yaml is no translator", "give the document another name")])
    document = _compile(source, kind, engine, service.scope, faults)
    twin = service.with_documents({**service.documents, name: document})
    faults += _contradictions(twin, {name: source})
    if not faults:
        from gateway.catalog import reading  # slow to import, needed by editors and commands only

        faults += reading.faults(twin, {name: source})
    if faults:
        raise CatalogError(faults)
    return twin


def described(key: str, source: Text) -> tuple[Service, list[Fault]]:
    """The service that its own document describes, without translators, and the faults in that document."""
    faults: list[Fault] = []
    raw = _load_valid(source, "service", "", faults)
    if raw is None:
        return Service.undescribed(key), faults
    service = Service(key, raw, source)
    return (Service.undescribed(key) if service.faults else service), service.faults


def _compile(source: Text, kind: Kind, engine: Engine, scope: Scope, faults: list[Fault]) -> Document:
    raw = _load_valid(source, kind.schema, kind.definition, faults)
    part = None if raw is None else kind.compile(source, raw, engine, scope)
    if part is not None:
        faults += part.faults
    return Document(hash(source.text), source.file, part)


def _load_valid(source: Text, schema: str, definition: str, faults: list[Fault]) -> dict[str, JSON] | None:
    """The content of a document that matches its meta-schema; else None, and its faults are added to `faults`."""
    try:
        raw = yamlfile.load(source.text, source.file)
    except CatalogError as error:
        faults += error.faults
        return None
    wrong = meta_faults(raw, schema, definition, source)
    faults += wrong
    return None if wrong else dict(raw)


def _contradictions(service: Service, texts: Mapping[str, Text]) -> Iterator[Fault]:
    """The contradictions between documents of a service; their lines are those in `texts`."""
    for event, first, second in service.index.overlaps():
        problem = f"{event!r} is already spoken for by {first.name} ({first.events_at})"
        where = ("events", second.events.index(event))
        text = _text_of(second, texts)
        line = yamlfile.place_of(text, where)[0] if text else int(second.events_at.rpartition(":")[2])
        yield Fault(second.file, line, "/".join(map(str, where)), problem, "give one of the two a `when`")
    for translator in service.translators:
        if translator.card and translator.card not in service.cards:
            problem = f"the service has no card called {translator.card!r}: write cards/{translator.card}.yaml"
            steps = ("card", "reply") if translator.replies else ("card",)
            yield yamlfile.fault(translator.file, _text_of(translator, texts), steps, problem)
    parts = {name: document.part for name, document in service.documents.items() if document.part is not None}
    reads_callbacks = any(kind.folder == CALLBACKS for kind in KINDS.values())  # else nobody answers any button
    for wrong in misdirected(service.key, parts) if reads_callbacks else ():
        text = texts[wrong.document].text if wrong.document in texts else ""
        yield yamlfile.fault(service.documents[wrong.document].file, text, wrong.steps, wrong.problem)
    for kind in KINDS.values():
        for one in kind.conflicts(parts_of(kind, parts)):
            name = kind.document(one.stem)
            text = texts[name].text if name in texts else ""
            yield yamlfile.fault(service.documents[name].file, text, one.steps, one.problem)


def _text_of(translator: Translator, texts: Mapping[str, Text]) -> str:
    """The text of a translator's document; "" where it is not among those that are built."""
    source = texts.get(translator.name.partition("/")[2])
    return source.text if source else ""
