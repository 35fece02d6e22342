"""A service out of the texts of its documents: checked, compiled, put together. What has not changed is used again."""

from collections.abc import Iterator, Mapping

from gateway.catalog import yamlfile
from gateway.catalog.kinds import SERVICE, Kind, Text, kind_of
from gateway.catalog.metaschema import meta_faults
from gateway.catalog.service import Document, Service
from gateway.errors import CatalogError, Fault
from gateway.language.template import Engine
from gateway.model import JSON


def build(
    key: str, texts: Mapping[str, Text], engine: Engine, before: Service | None = None
) -> tuple[Service, list[Fault]]:
    """The service of these texts, by the name of their document, and what is wrong with them.

    With any fault, it has no translators: the generic one speaks for all of it, since what a faulty document was to say
    might be said wrongly by another. Documents of `before` whose texts are the same are not compiled again.
    """
    plain, faults = described(key, texts[SERVICE])
    compiled = {SERVICE: Document(hash(texts[SERVICE].text), texts[SERVICE].file)}
    known = before.documents if before is not None else {}
    for name, source in texts.items():
        if name == SERVICE:
            continue
        document = known.get(name)
        if document is None or (document.digest, document.file) != (hash(source.text), source.file):
            document = _compiled(source, kind_of(name), engine, faults)
        compiled[name] = document
    made = plain.with_documents(compiled)
    faults += _contradictions(made, texts)
    return (plain if faults else made), faults


def revised(service: Service, name: str, text: str, engine: Engine) -> Service:
    """The service with `text` as its document `name` ("push"), in place of the one so called or beside the others.

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
    document = _compiled(source, kind, engine, faults)
    twin = service.with_documents({**service.documents, name: document})
    faults += _contradictions(twin, {name: source})
    if faults:
        raise CatalogError(faults)
    return twin


def described(key: str, source: Text) -> tuple[Service, list[Fault]]:
    """The service that its own document describes, without translators, and what is wrong with that document."""
    faults: list[Fault] = []
    raw = _checked(source, "service", "", faults)
    if raw is None:
        return Service.undescribed(key), faults
    made = Service(key, raw, source)
    return (Service.undescribed(key) if made.faults else made), made.faults


def _compiled(source: Text, kind: Kind, engine: Engine, faults: list[Fault]) -> Document:
    raw = _checked(source, kind.schema, kind.definition, faults)
    part = None if raw is None else kind.compile(source, raw, engine)
    if part is not None:
        faults += part.faults
    return Document(hash(source.text), source.file, part)


def _checked(source: Text, schema: str, definition: str, faults: list[Fault]) -> dict[str, JSON] | None:
    """What a document says when it matches its meta-schema; otherwise its faults are noted."""
    try:
        raw = yamlfile.load(source.text, source.file)
    except CatalogError as error:
        faults += error.faults
        return None
    wrong = meta_faults(raw, schema, definition, source)
    faults += wrong
    return None if wrong else dict(raw)


def _contradictions(service: Service, texts: Mapping[str, Text]) -> Iterator[Fault]:
    """What is wrong between the documents of a service; lines are those of the texts that are given."""
    for event, first, second in service.index.overlaps():
        problem = f"{event!r} is already spoken for by {first.name}"
        yield Fault(second.file, 1, "events", problem, "give one of the two a `when`")
    for translator in service.translators:
        if translator.card and translator.card not in service.cards:
            problem = f"the service has no card called {translator.card!r}: write cards/{translator.card}.yaml"
            source = texts.get(translator.name.partition("/")[2])
            yield yamlfile.fault(translator.file, source.text if source else "", ("card",), problem)
