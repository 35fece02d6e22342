"""The first draft of a service, or of events that a service lacks, from requests that were sent.

One translator is written for the events that are told alike, and a sample for each event. What the documents of a
service share, its people and states, goes into shared.yaml. A draft can be used as it is: it has no faults, and its
samples hold.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from gateway import jsonpath
from gateway.catalog import yamlfile
from gateway.catalog.draft_alike import alike, called
from gateway.catalog.draft_masks import masked
from gateway.catalog.draft_message import STATED, Drafted, drafted, insert, steps_of, usable
from gateway.catalog.draft_names import Seen, delivery_selectors, event_selectors, file_name
from gateway.catalog.draft_proof import Proof, proof_of
from gateway.catalog.draft_shape import WIDTH, Path, flow, pruned, replaced, shape_of, size, written
from gateway.catalog.draft_shared import People, shared_text
from gateway.catalog.draft_spelling import Spelling
from gateway.catalog.draft_subject import Subject, Told, subjects
from gateway.catalog.select import Selector
from gateway.catalog.service import Service
from gateway.catalog.translator import context
from gateway.decode.content import Content
from gateway.decode.unwrap import parse_unwrap, unwrap
from gateway.errors import Refused, TranslationError
from gateway.language.functions.wording import contains, in_words
from gateway.model import JSON, Request
from gateway.verify.echoes import echo_of
from gateway.verify.verify import parse_scheme

KEYS: Final = 30
"""Keys of the largest shape that is written whole; of a larger one stands what the message uses."""
SAMPLES: Final = 3
"""Samples that are written of one event."""
_LARGEST: Final = 5_000_000
_WRAPPED: Final = 20
"""Characters of the shortest text that is taken for an event in JSON."""

Raw = dict[str, Any]


class Draft(Struct, frozen=True):
    """What is to be written: `documents` by file name, and the requests of samples by the stem of their files.

    `events` are the translators by event name; `notes` say what was left out, and what is not proven. `proof` is how
    requests prove their sender, None for a service that says so already.
    """

    documents: Mapping[str, str]
    samples: Mapping[str, Request]
    events: Mapping[str, str]
    notes: Sequence[str]
    proof: Proof | None = None


class _Event(Struct):
    """One document: its events with their requests, what they are called together, and what it tells."""

    names: dict[str, list[Seen]]
    called: str
    document: str
    message: Drafted
    subject: Subject = Subject()

    @property
    def seen(self) -> list[Seen]:
        """The requests of all events."""
        return [one for those in self.names.values() for one in those]

    @property
    def payloads(self) -> list[JSON]:
        """What they hold."""
        return [one.value for one in self.seen]


def draft(key: str, requests: Sequence[Request], *, secret: str = "", docs: str = "", text: str = "") -> Draft:
    """The draft of a new service; `text` is that in which the requests were recorded, with the sender's spellings.

    Raises ValueError when none of the requests is an event.
    """
    echoes, sent = _apart(requests)
    if not sent:
        raise ValueError("none of the requests is an event: each is a handshake, or has neither body nor query")
    steps = _unwrapping(sent)
    seen = [Seen(one.request, event) for one in sent for event in _unwrapped(one.value, steps)]
    selectors = event_selectors(seen)
    spelling, proof = Spelling(key, text), proof_of(sent, secret)
    proof = replace(proof, schemes=spelling.headers(proof.schemes))
    name, deliveries = spelling.name, delivery_selectors(seen, selectors)
    parsed = [Selector(raw) for raw in selectors]
    events = _events(seen, lambda one: _named(parsed, one), name, (), _paths(deliveries), states=True)
    people = People([(one.message, one.payloads) for one in events])
    written_as = spelling.headers
    documents = {
        "service.yaml": _service(name, docs, proof, written_as(selectors), written_as(deliveries), steps, echoes)
    }
    states = _states(events)
    if shared := shared_text(people, states):
        documents["shared.yaml"] = shared
    documents |= {f"{one.document}.yaml": _translator(one, name, people, states=True) for one in events}
    return _draft(documents, events, sent, proof, secret, list(_notes(proof, echoes)))


def added(service: Service, requests: Sequence[Request], taken: Collection[str]) -> Draft:
    """The draft of the events that a service has no translator for. `taken` are the names of documents that are there.

    Raises ValueError when there is none.
    """
    _, sent = _apart(requests)
    notes: list[str] = []
    seen = []
    for one in sent:
        for event in _unwrapped(one.value, service.unwrap):
            fresh = Seen(one.request, event)
            if speaker := _speaker(service, fresh):
                notes.append(
                    f"{_told(service.event_name(one.request, event))} is spoken for by {speaker}, and left alone"
                )
            else:
                seen.append(fresh)
    if not seen:
        why = "; ".join(dict.fromkeys(notes)) or "none of the requests is an event"
        raise ValueError(f"there is nothing to add to {service.key}: {why}")
    deliveries = {tuple(map(str, one.path)) for one in service.delivery_id if one.path}

    def name_of(one: Seen) -> str:
        return service.event_name(one.request, one.value)

    events = _events(seen, name_of, service.name, taken, deliveries, states=False)
    people = People.of_service(service, [one.message.person for one in events])
    documents = {f"{one.document}.yaml": _translator(one, service.name, people, states=False) for one in events}
    kept = {one.request.body for one in seen}
    return _draft(
        documents, events, [one for one in sent if one.request.body in kept], None, "", list(dict.fromkeys(notes))
    )


def _draft(
    documents: Mapping[str, str],
    events: Sequence[_Event],
    sent: Sequence[Seen],
    proof: Proof | None,
    secret: str,
    notes: Sequence[str],
) -> Draft:
    schemes = [parse_scheme(raw) for raw in proof.schemes] if proof is not None else []
    clean = {id(one.request): masked(one.request, schemes, (secret,) if secret else ()) for one in sent}
    samples: dict[str, Request] = {}
    for event in events:
        for name, seen in event.names.items():
            requests = dict.fromkeys(id(one.request) for one in seen)
            for stem, one in zip(_stems(_sample_name(event, name)), list(requests)[:SAMPLES], strict=False):
                if one in clean:
                    samples[stem] = clean[one]
    told = {name: one.document for one in events for name in one.names}
    return Draft(documents, samples, told, notes, proof)


def _sample_name(event: _Event, name: str) -> str:
    """The stem of the sample of an event: "order_paid.usual", or "order.paid" where the document tells several."""
    if len(event.names) == 1:
        return f"{event.document}.usual"
    words, shared = file_name(name), file_name(event.called)
    return f"{event.document}.{words.removeprefix(f'{shared}_').removesuffix(f'_{shared}')}"


def _apart(requests: Sequence[Request]) -> tuple[list[Mapping[str, Any]], list[Seen]]:
    """The echoes that handshakes among the requests ask for, and the requests that are events."""
    echoes: list[Mapping[str, Any]] = []
    sent = []
    for request in requests:
        try:
            content = Content.of(request, _LARGEST)
        except Refused:
            content = Content(request)
        if (echo := echo_of(content)) is not None:
            echoes += [echo] if echo not in echoes else []
        elif content.body or (request.query and request.method != "HEAD"):
            sent.append(Seen(request, content.value))
    return echoes, sent


def _unwrapping(sent: Sequence[Seen]) -> list[Raw]:
    """Steps to the events inside the bodies: each of an array, or the JSON in a text that is nearly all of the body."""
    if all(isinstance(one.value, list) and one.value and isinstance(one.value[0], dict) for one in sent):
        return [{"split": "$"}]
    objects = [one.value for one in sent if isinstance(one.value, dict)]
    for key in objects[0] if len(objects) == len(sent) and objects else ():
        if usable((key,)) and all(_is_json_text(one.get(key)) for one in objects):
            return [{"json": key}]
    return []


def _is_json_text(value: JSON) -> bool:
    return isinstance(value, str) and len(value) > _WRAPPED and value.lstrip().startswith("{")


def _unwrapped(value: JSON, steps: Sequence[Any]) -> list[JSON]:
    parsed = [parse_unwrap(step) if isinstance(step, dict) else step for step in steps]
    events = unwrap(value, parsed).values
    return [one if isinstance(one, dict) else {"text": one} if isinstance(one, str) else one for one in events]


def _named(selectors: Sequence[Selector], one: Seen) -> str:
    return ".".join(part for selector in selectors if (part := selector.value(one.request, one.value)))


def _events(
    seen: list[Seen],
    name_of: Callable[[Seen], str],
    service: str,
    taken: Collection[str],
    deliveries: Collection[Path],
    *,
    states: bool,
) -> list[_Event]:
    """The documents: one for the events that are told alike, with the message of the payload that says most."""
    groups: dict[str, list[Seen]] = {}
    for one in seen:
        groups.setdefault(name_of(one), []).append(one)
    found: list[_Event] = []
    documents = set(taken)
    payloads_of = {name: [one.value for one in those] for name, those in groups.items()}
    for names in alike(payloads_of):
        title = names[0] if len(names) == 1 else called(names, payloads_of)
        document = next(stem for stem in _stems(file_name(title)) if stem not in documents)
        documents.add(document)
        those = {name: groups[name] for name in names}
        payloads = [one for name in names for one in payloads_of[name]]
        unnamed = _title(title, service)
        message = drafted(payloads, names[0], in_words(title), unnamed)
        if len(names) > 1:
            message = drafted(payloads, names[0], _telling(those, message, title, states=states), unnamed)
        found.append(_Event(those, title, document, message))
    told = [Told(next(iter(one.names)), one.payloads, one.message.about) for one in found]
    for event, subject in zip(found, subjects(told, deliveries), strict=True):
        event.subject = subject
        event.message.used |= {subject.path} if subject.path else set()
    return found


def _telling(names: Mapping[str, Sequence[Seen]], message: Drafted, title: str, *, states: bool) -> str:
    """How the title of several events begins: with the state that they are named by, else with their names."""
    state = message.state if states else None
    if state is not None:
        words = ((name, _at(state, one.value)) for name, seen in names.items() for one in seen)
        if all(isinstance(word, str) and contains(in_words(name), word) for name, word in words):
            return f"{in_words(title)} {STATED}"
    return "{{ request.event | humanize | capitalize }}"


def _paths(selectors: Sequence[Mapping[str, Any]]) -> set[Path]:
    """The paths of selectors that look into the body."""
    return {tuple(map(str, jsonpath.parse(one["json"]))) for one in selectors if "json" in one}


def _stems(name: str) -> Iterator[str]:
    yield name
    for number in range(2, 1000):
        yield f"{name}_{number}"


def _title(event: str, service: str) -> str:
    words = in_words(event)
    return words if len(words) >= 3 else f"{words} of {service}".strip() if words else f"Event of {service}"


def _translator(event: _Event, service: str, people: "People", *, states: bool) -> str:
    """The text of a translator."""
    message = event.message
    attachment = dict(message.attachment)
    lone = len(event.names) > 1 and min(map(len, event.names.values())) == 1
    shape = shape_of(event.payloads, message.needed, lone=lone)
    used = set(message.used)
    if "author" in attachment and not (people.described and people.is_one(message.person)):
        attachment = {
            "author_name": insert(people.name_path(message)),
            **{k: v for k, v in attachment.items() if k != "author"},
        }
    elif message.person is not None:
        used.add(message.person)
    whole = size(shape) <= KEYS
    told = shape if whole else pruned(shape, used)
    if message.person is not None and people.shape_name:
        told = replaced(told, {people.shape_name: True}, at={message.person: people.shape_name})
    text = "$schema: ../translator.schema.json\n" + yamlfile.dump({"title": _title(event.called, service)})
    text += f"events: {flow(list(event.names))}\n"
    if not whole:
        text += f"# of {size(shape)} keys those that the message shows; the sample has them all\n"
    text += written("input", told)
    if event.subject.template:
        text += yamlfile.dump({"subject": event.subject.template})
    if message.state is not None:
        if states:
            text += f"state: {flow({table_of(message.state): insert(message.state)})}\n"
        else:
            attachment = {"color": insert(message.state, "severity_color"), **attachment}
            attachment["title"] = attachment["title"].replace(
                "{{ state.word | aside }}", insert(message.state, "aside")
            )
    return text + _laid_out({"message": {"attachments": [attachment]}})


def _laid_out(value: Raw) -> str:
    """The message as YAML, its fields a line each."""
    attachment = dict(value["message"]["attachments"][0])
    fields = attachment.pop("fields", [])
    text = yamlfile.dump({"message": {"attachments": [attachment]}}) if attachment else ""
    if not fields:
        return text
    lines = "".join(f"    - {flow(one)}\n" for one in fields)
    return f"{text}    fields:\n{lines}"


def table_of(path: Path) -> str:
    """The name of the table of states for the state at a path: its last key, or that of the object that it names."""
    word = path[-2] if path[-1] in ("name", "value", "label", "title") and len(path) > 1 else path[-1]
    name = file_name(word).removesuffix("_event")
    return name if name[:1].isalpha() else "state"


def _states(events: Sequence[_Event]) -> dict[str, list[str]]:
    """The words that were seen of each table of states."""
    found: dict[str, list[str]] = {}
    for event in events:
        if event.message.state is None:
            continue
        words = found.setdefault(table_of(event.message.state), [])
        for value in (_at(event.message.state, one) for one in event.payloads):
            if isinstance(value, str) and value.strip().isprintable() and value.strip() not in words:
                words.append(value.strip())
    return found


def _at(path: Path, payload: JSON) -> JSON:
    """The value at a path; None where there is none."""
    found = jsonpath.lookup(payload, steps_of(path))
    return None if found is jsonpath.MISSING else found


def _service(
    name: str,
    docs: str,
    proof: Proof,
    event: Sequence[Raw],
    delivery: Sequence[Raw],
    steps: Sequence[Raw],
    echoes: Sequence[Mapping[str, Any]],
) -> str:
    """The text of service.yaml."""
    text = "$schema: ../service.schema.json\n" + yamlfile.dump({"name": name, **({"docs": docs} if docs else {})})
    for key, listed in (("event", event), ("delivery_id", delivery)):
        text += f"{key}: {flow(listed)}\n" if listed else ""
    text += f"# {proof.comment}\n"
    text += _listed("verify", proof.schemes) + _listed("unwrap", steps) + _listed("handshake", echoes)
    where = f"Enter the URL of the route where {name} asks for the URL of a webhook"
    signs = " and the secret of the route as its signing secret" if any("hmac" in one for one in proof.schemes) else ""
    return text + yamlfile.dump({"setup": f"{where}{signs}."})


def _listed(key: str, entries: Sequence[Mapping[str, Any]]) -> str:
    if not entries:
        return ""
    lines = [flow(one) for one in entries]
    if all(len(line) < WIDTH for line in lines):
        return f"{key}:\n" + "".join(f"- {line}\n" for line in lines)
    return yamlfile.dump({key: [dict(one) for one in entries]})


def _notes(proof: Proof, echoes: Sequence[Any]) -> Iterator[str]:
    if not proof.proven:
        yield f"verify: {proof.comment}"
    if echoes:
        yield "handshake: the requests hold one, whose rule stands in service.yaml"


def _speaker(service: Service, one: Seen) -> str:
    """The translator that tells this request already; "" for none."""
    name = service.event_name(one.request, one.value)
    try:
        speaker = service.speaker(name, context(one.value, one.request, name))
    except TranslationError:
        return ""
    return speaker.name if speaker is not None and speaker.schema.matches(one.value) else ""


def _told(event: str) -> str:
    return f"the event {event}" if event else "an event without a name"
