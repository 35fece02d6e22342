"""The tables of states in shared.yaml: from a vendor's words to those of the product, with phase and colour.

states: {issue: {opened: opened, closed: closed, rejected: [rejected, close], triaged: [sorted, change, waiting]}}
"""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Final

from gateway.language.document import Compiler, DocumentPlace
from gateway.language.functions.coerce import text_of
from gateway.language.functions.states import STATES, TONES, known_color, spelled
from gateway.language.functions.text import humanize
from gateway.language.template import Context
from gateway.model import JSON, Phase

_PHASES = tuple(phase.value for phase in Phase)

State = dict[str, Any]
"""`word`, `phase`, `color`, and `given`: the vendor's word."""


class StateTable:
    """One table; a row is found in any spelling of its word. What is no row is noted as a fault."""

    def __init__(self, raw: Mapping[str, JSON], place: DocumentPlace) -> None:
        self.words = tuple(raw)
        self._rows = {spelled(word): _row(row, place / word) for word, row in raw.items()}

    def state(self, given: JSON) -> State:
        """The state of a vendor's word; one that the table lacks is called as the vendor does. Empty for no word."""
        word = "" if isinstance(given, dict | list) else text_of(given).strip()
        if not word:
            return {}
        row = self._rows.get(spelled(word))
        if row is None:
            row = {"word": str(humanize(word)).lower(), "phase": Phase.CHANGE.value, "color": known_color(word)}
        return {**row, "given": word}


def _row(raw: JSON, place: DocumentPlace) -> State:
    if isinstance(raw, str) and raw in STATES:
        phase, tone = STATES[raw]
        return {"word": raw, "phase": phase, "color": TONES[tone]}
    if isinstance(raw, list):
        word, phase, *tones = map(str, raw)
        tones = tones or ([STATES[word][1]] if word in STATES else [])
        if word in STATES and len(raw) > 2:
            place.fault(f"{word!r} has the same colour in all services: write it without a tone")
        elif phase in _PHASES and tones and tones[0] in TONES:
            return {"word": word, "phase": phase, "color": TONES[tones[0]]}
        elif word in STATES:
            place.fault(f"expected [{word}, {'|'.join(_PHASES)}]")
        else:
            place.fault(f"expected a list of three: [word, {'|'.join(_PHASES)}, {'|'.join(TONES)}]")
    else:
        near = get_close_matches(str(raw), STATES, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(STATES)}"
        place.fault(f"there is no state {raw!r}; {hint}, or write [word, phase, tone]")
    return {"word": "", "phase": Phase.CHANGE.value, "color": None}


STATE: Final = "state"
"""The name by which templates see the state of their document or attachment."""


class StateShape:
    """`state: {TABLE: EXPR}` of a document or attachment."""

    def __init__(
        self, raw: Mapping[str, JSON], tables: Mapping[str, StateTable], compiler: Compiler, place: DocumentPlace
    ) -> None:
        ((name, source),) = raw.items()
        self._given = compiler.value(source, place / name, expression=True)
        self._table = tables.get(name) or StateTable({}, place)
        if name not in tables:
            near = get_close_matches(name, tables, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(tables)) or 'none'}"
            (place / name).fault(f"shared.yaml has no table of states called {name!r}; {hint}")

    def render(self, context: Context) -> State:
        """The state. Raises TranslationError."""
        return self._table.state(self._given.get(context))
