"""Actions that every message may have: buttons and menus below whatever shows a subject, whosever event it is.

title: Snooze any subject
actions:
- name: Snooze
  callback: snooze
  when: phase != 'close'
  context: {route: "{{ route }}", subject: "{{ subject }}"}
  options: [{text: For 1 hour, value: 1h}]

They stand below the messages of the routes for which the settings bring the callbacks of the service to life, behind
the actions of the message's own documents. Of the payload they see nothing, as it may be any.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct, to_builtins

from gateway.catalog.actions import ActionsShape, Offered
from gateway.catalog.kinds import Kind, Text, register
from gateway.catalog.scope import ALONE, Scope
from gateway.catalog.yamlfile import placed
from gateway.errors import Fault
from gateway.language.document import Compiler, DocumentPlace, Note
from gateway.language.template import Engine
from gateway.model import JSON


class About(Struct, frozen=True, omit_defaults=True):
    """What such actions see of an event: what is "" here is missing there, but for the phase, which is always known.

    `event` is its name, `translator` the document that tells it ("github/push"), `phase` where it stands in the life of
    its subject ("" where no document says so).
    """

    route: str
    service: str
    event: str = ""
    translator: str = ""
    subject: str = ""
    phase: str = ""


class EverywhereShape:
    """A compiled document; `name` is "service/everywhere/document". Faults are noted in `faults`, none is raised."""

    def __init__(self, source: Text, raw: Mapping[str, JSON], engine: Engine, scope: Scope = ALONE) -> None:
        self.name = source.name
        noted: list[Note] = []
        place = DocumentPlace(source.name, (), noted)
        # Shared values are those of the payloads of the service, which these actions do not see.
        self.actions = ActionsShape(raw["actions"], Compiler(engine, (), scope.fragments), place / "actions")
        self.faults = placed(noted, source.text, source.file)

    def offered(self, about: About) -> tuple[Offered, ...]:
        """What is offered below a message: nothing, where one of the actions cannot be computed."""
        return self.actions.offers({**to_builtins(about), "phase": about.phase}).actions


def _read(source: Text, raw: Mapping[str, JSON], _: Any) -> Iterator[Fault]:
    """A close reading: names that such a document does not see."""
    from gateway.catalog.paths import DocumentReader  # slow to import, needed by commands only
    from gateway.language.known import SCALAR, Known

    reader = DocumentReader(source)
    reader.read(raw, Known.of(**dict.fromkeys(About.__struct_fields__, SCALAR)))
    yield from reader.faults


EVERYWHERE: Final = register(
    Kind("everywhere", "everywhere", EverywhereShape, "translator", definition="everywhere", read=_read)
)
