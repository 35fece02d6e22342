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
from gateway.catalog.draft_envelopes import Envelope, envelope_of
from gateway.catalog.draft_masks import masked
from gateway.catalog.draft_message import STATED, Drafted, drafted, insert, steps_of
from gateway.catalog.draft_names import Delivery, Seen, delivery_of, event_selectors, file_name, repeated
from gateway.catalog.draft_proof import Proof, proof_of, proven
from gateway.catalog.draft_sent import Sent, by_known, by_strangers, payloads_told, steps_into, unwrapped, within
from gateway.catalog.draft_service import service_text, setup_of
from gateway.catalog.draft_shape import Path, flow, pruned, replaced, shape_of, size, written
from gateway.catalog.draft_shared import People, shared_text
from gateway.catalog.draft_spelling import Spelling
from gateway.catalog.draft_subject import Subject, Told, subjects
from gateway.catalog.select import Selector
from gateway.catalog.service import Service
from gateway.catalog.translator import context
from gateway.catalog.xmlshape import shaped
from gateway.errors import TranslationError
from gateway.language.functions.wording import contains, in_words
from gateway.model import JSON, Request
from gateway.verify.verify import parse_scheme

KEYS: Final = 30
"""Keys of the largest shape that is written whole; of a larger one stands what the message uses."""
SAMPLES: Final = 10
"""Samples that are written of one event."""

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
    read = by_strangers(requests)
    sent, envelope = read.events, read.envelope
    if not sent:
        why = envelope.confirm if envelope is not None else "; ".join(read.notes) or "each is a handshake"
        raise ValueError(f"none of the requests is an event: {why}")
    steps = steps_into(sent, envelope)
    seen = [event for one in sent for event in unwrapped(one, steps)]
    selectors = _selectors(seen, envelope)
    spelling = Spelling(key, text)
    proof = Proof(list(map(dict, envelope.verify)), envelope.proof) if envelope is not None else proof_of(sent, secret)
    proof = replace(proof, schemes=spelling.headers(proof.schemes))
    name = spelling.name
    delivery = delivery_of(seen, selectors) if envelope is None else Delivery(envelope.delivery_id, is_shown=True)
    parsed = [Selector(raw) for raw in selectors]
    events = _events(seen, lambda one: _named(parsed, one), name, (), _paths(delivery.selectors), states=True)
    people = People([(one.message, one.payloads) for one in events])
    delivery = replace(delivery, selectors=spelling.headers(delivery.selectors))
    documents = {
        "service.yaml": service_text(
            name, docs, proof, spelling.headers(selectors), delivery, steps, read.handshakes,
            envelope.setup if envelope is not None else setup_of(name, proof),
        )
    }  # fmt: skip
    states = _states(events)
    if shared := shared_text(people, states):
        documents["shared.yaml"] = shared
    documents |= {f"{one.document}.yaml": _translator(one, name, people, states=True) for one in events}
    return _draft(documents, events, sent, proof, secret, [*read.notes, *_notes(proof, read)])


def added(service: Service, requests: Sequence[Request], taken: Collection[str], *, secret: str = "") -> Draft:
    """The draft of the events that a service has no translator for. `taken` are the names of documents that are there.

    Raises ValueError when there is none.
    """
    read = by_known(service, requests, secret)
    sent, notes = read.events, list(read.notes)
    if alike := repeated([service.delivery_key(one.request, one.value) for one in sent], sent):
        notes.append(
            f"{alike} requests that differ share a delivery id: the gateway would deliver the first and take the "
            f"others for repeats; correct {service.delivery_at} (delivery_id)"
        )
    if secret and sent and service.verify:
        held = sum(proven(service.verify, one.request, secret) for one in sent)
        notes.append(f"the secret proves {held} of {len(sent)} requests in the way of {service.key}/service.yaml")
    seen = []
    for one in sent:
        events = unwrapped(one, service.unwrap)
        if not events:
            notes.append(f"a request without an event where {service.key}/service.yaml (unwrap) looks is left out")
        for event in events:
            if speaker := _speaker(service, event):
                notes.append(
                    f"{_told(service.event_name(one.request, event.value))} is spoken for by {speaker}, and left alone"
                )
            elif spoken := _mismatched(service, event):
                notes.append(spoken)
            else:
                seen.append(event)
    if not seen:
        why = "; ".join(dict.fromkeys(notes)) or "none of the requests is an event"
        raise ValueError(f"there is nothing to add to {service.key}: {why}")
    deliveries = {path for one in service.delivery_id if one.path and (path := within(one.path, service.unwrap))}

    def name_of(one: Seen) -> str:
        return service.event_name(one.request, one.value)

    found = _events(seen, name_of, service.name, taken, deliveries, states=False)
    people = People.of_service(service, [one.message.person for one in found])
    documents = {f"{one.document}.yaml": _translator(one, service.name, people, states=False) for one in found}
    kept = {one.request.body for one in seen}
    fresh = [one for one in sent if one.request.body in kept]
    return _draft(documents, found, fresh, None, secret, list(dict.fromkeys(notes)))


def _mismatched(service: Service, event: Seen) -> str:
    """That a document names the event, and what of the payload does not match its input; "" where none names it."""
    name = service.event_name(event.request, event.value)
    for one in service.index.candidates(name):
        if name in one.events and not one.conditional and (wrong := one.mismatches(event.value, 1)):
            told = f"{one.name} speaks for {_told(name)}, but its input does not match: {wrong[0]}"
            return f"{told}; copy {one.file} into your folder, below {service.key}, and mend its `input` there"
    return ""


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
    notes = list(notes)
    for event in events:
        for name, seen in event.names.items():
            requests = [one for one in dict.fromkeys(id(one.request) for one in seen) if one in clean]
            for stem, one in zip(_stems(_sample_name(event, name)), requests[:SAMPLES], strict=False):
                samples[stem] = clean[one]
            if more := len(requests[SAMPLES:]):
                notes.append(f"{more} more requests of {_told(name)} are read, but no samples: {SAMPLES} are enough")
    told = {name: one.document for one in events for name in one.names}
    return Draft(documents, samples, told, notes, proof)


def _sample_name(event: _Event, name: str) -> str:
    """The stem of the sample of an event: "order_paid.usual", or "order.paid" where the document tells several."""
    if len(event.names) == 1:
        return f"{event.document}.usual"
    words, shared = file_name(name), file_name(event.called)
    return f"{event.document}.{words.removeprefix(f'{shared}_').removesuffix(f'_{shared}')}"


def _selectors(seen: Sequence[Seen], envelope: Envelope | None) -> list[Raw]:
    """The parts of the event name: of what an envelope holds, else the kind of envelope."""
    if envelope is None:
        return event_selectors(seen)
    held = [replace(one, value=envelope.held(one.value)) for one in seen]
    return event_selectors(held) or [{"json": envelope.kind}]


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
    for one, value in zip(seen, payloads_told(seen), strict=True):
        groups.setdefault(name_of(one), []).append(replace(one, value=value))
    found: list[_Event] = []
    documents = set(taken)
    payloads_of = {name: [one.value for one in those] for name, those in groups.items()}
    envelope = envelope_of([one.value for one in seen])
    optional = envelope.optional if envelope is not None else ()
    for names in alike(payloads_of):
        title = names[0] if len(names) == 1 else called(names, payloads_of)
        document = next(stem for stem in _stems(file_name(title)) if stem not in documents)
        documents.add(document)
        those = {name: groups[name] for name in names}
        payloads = [(name, one) for name in names for one in payloads_of[name]]
        unnamed = _title(title, service)
        message = drafted(payloads, in_words(title), unnamed, optional)
        if len(names) > 1:
            message = drafted(payloads, _telling(those, message, title, states=states), unnamed, optional)
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
    shape = shape_of(event.payloads, message.needed)
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
    if "" in event.names:
        text += '# "" covers events of which no name is known; `event` of service.yaml says where names stand\n'
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


def _notes(proof: Proof, read: Sent) -> Iterator[str]:
    anew = "; a sample is signed anew, with a secret of its own" if proof.proven and proof.signed else ""
    yield f"verify: {proof.comment}{anew}"
    if read.handshakes:
        answers = f"answers {read.answered} of the requests: no event, and so no sample, comes of that"
        yield f"handshake: the rule in service.yaml {answers if read.answered else 'answers it'}"


def _speaker(service: Service, one: Seen) -> str:
    """The translator that tells this request already; "" for none."""
    name = service.event_name(one.request, one.value)
    try:
        speaker = service.speaker(name, context(one.value, one.request, name))
    except TranslationError:
        return ""
    if speaker is None:
        return ""
    return speaker.name if speaker.schema.matches(shaped(one.value, speaker.input) if one.is_xml else one.value) else ""


def _told(event: str) -> str:
    return f"the event {event}" if event else "an event without a name"
