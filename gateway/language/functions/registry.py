"""The closed table of functions that templates may call, and the decorator that registers one.

A module registers its functions with the decorator; importing the package `gateway.language.functions` fills `TABLE`.
Every call is total: no JSON value makes one raise, and no result is longer than `MAX_OUTPUT`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from inspect import Parameter
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, NamedTuple, get_args

from gateway.language.functions.markup import Markup
from gateway.model import JSON

MAX_INPUT: Final = 40_000
"""Characters of one value that a function looks at: more than two Mattermost posts (contract 1.5)."""

MAX_OUTPUT: Final = 100_000
"""Characters that one call may return; longer results are cut."""

ALLOWANCE: Final = 4_000_000
"""Characters that the functions called in one run of a template may look at, 500 objects among them."""

_OF_OBJECT: Final = 8_000
_OF_CALL: Final = 100
"""The characters that an array or object counts for at least, whose size is not known, and those of any other value."""

Rule = Callable[[str], str]
"""What is wrong with a text that a template writes as an argument, and what to write; "" where nothing is."""


class Written(NamedTuple):
    """In the annotation of a function's parameter: the rule of the texts that templates may write there.

    `check` refuses others. A value of a payload is not known before it comes: that is for the function to bear.
    """

    rule: Rule


Number = Annotated[JSON, Written(lambda _: "this has to be a number, written without quotes")]
"""A parameter that is a number."""


def one_of(choices: Collection[str]) -> Written:
    """The annotation of a parameter of which the text is one of a few."""
    known = ", ".join(map(repr, choices))
    return Written(lambda text: "" if text in choices else f"there is no {text!r}; there are {known}")


Call = Callable[..., JSON]
Kind = Literal["filter", "global"]
Missing = Literal["passes", "handles", "replaces"]
"""What becomes of a first argument of None; see `function`."""


@dataclass(frozen=True, slots=True)
class Example:
    """One executable example of the manual: a template, its context, and the text that it must render to."""

    template: str
    context: Mapping[str, JSON]
    expected: str


@dataclass(frozen=True, slots=True)
class Function:
    """One entry of the table.

    `call` is for keys that Mattermost renders as Markdown: it gives a plain `str` that the engine still escapes, or
    `Markup` that is ready. `call_plain` is for plain-text keys (title, author_name): no markup in what it gives.
    """

    name: str
    call: Call
    call_plain: Call
    doc: str
    examples: Sequence[Example] = field(default=())
    kind: Kind = "filter"


class Bare(NamedTuple):
    """A function without its guard: its caller does what `missing` says, and cuts the text with `bounded`."""

    call: Call
    missing: Missing


_left: ContextVar[list[int] | None] = ContextVar("left", default=None)
"""What is left of the allowance of the run under way; None outside of one."""

_table: dict[str, Function] = {}
_bare: dict[Call, Bare] = {}

TABLE: Final[Mapping[str, Function]] = MappingProxyType(_table)
"""Every function by the name that templates use."""


def function(
    *,
    doc: str,
    examples: Sequence[Example],
    name: str = "",
    missing: Missing = "passes",
    plain: Call | None = None,
    kind: Kind = "filter",
) -> Callable[[Call], Call]:
    """Register the decorated function under `name` (its own name without trailing underscore, if empty).

    `missing` says what becomes of a first argument of None: it "passes", coming back without a call, or the function
    "handles" it, or, with no more than a second argument, that "replaces" it. `plain` is the same function for
    plain-text keys; without it both are the same. Raises ValueError on a name that is taken.
    """

    def register(call: Call) -> Call:
        known = name or call.__name__.rstrip("_")
        if known in _table:
            raise ValueError(f"two template functions are called {known!r}")
        guarded = _guard(call, missing)
        guarded_plain = guarded if plain is None else _guard(plain, missing)
        _table[known] = Function(known, guarded, guarded_plain, doc, tuple(examples), kind)
        return call

    return register


def rule_of(parameter: Parameter) -> Rule | None:
    """The rule of the texts that templates may write for a parameter; None where it takes any."""
    return next((one.rule for one in get_args(parameter.annotation)[1:] if isinstance(one, Written)), None)


def bare(call: Call) -> Bare:
    """The function behind a call of the table, for callers that do the guard's work; any other call as it is."""
    return _bare.get(call, Bare(call, "handles"))


def bounded(text: str) -> str:
    """The text cut at MAX_OUTPUT; Markup stays Markup."""
    cut = str(text)[:MAX_OUTPUT]
    return Markup(cut) if isinstance(text, Markup) else cut


def begin_run() -> None:
    """Begin a run of a template: until `end_run`, the functions that it calls share one ALLOWANCE.

    A loop may call a function thousands of times, with the whole payload each time; fuel counts one instruction then.
    """
    _left.set([ALLOWANCE])


def end_run() -> None:
    """Count no further."""
    _left.set(None)


def _spend(value: JSON) -> None:
    """Take a call on a value from the allowance. Raises ValueError when nothing is left."""
    left = _left.get()
    if left is None:
        return
    if isinstance(value, str):
        left[0] -= _OF_CALL + min(len(value), MAX_INPUT)
    else:
        left[0] -= max(_OF_OBJECT, 8 * len(value)) if isinstance(value, list | dict | tuple) else _OF_CALL
    if left[0] < 0:
        raise ValueError("its loops give functions too much to look at")


def _guard(call: Call, missing: Missing) -> Call:
    """The call with missing values passed on, its work counted and its text bounded."""
    passes = missing == "passes"

    @wraps(call)
    def guarded(*args: Any, **named: Any) -> JSON:
        if passes and args and args[0] is None:
            return None
        if args:
            _spend(args[0])
        result = call(*args, **named)
        return bounded(result) if isinstance(result, str) and len(result) > MAX_OUTPUT else result

    _bare[guarded] = Bare(call, missing)
    return guarded
