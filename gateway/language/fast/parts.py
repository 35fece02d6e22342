"""The parts of simple expressions: each writes the statements that compute its value.

What it writes gives what the engine gives, whatever the values are, and whichever are missing.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from gateway import jsonpath
from gateway.jsonpath import MISSING
from gateway.language.fast.source import Emit, Path, Source
from gateway.language.functions.registry import Bare


class NotSimple(Exception):  # noqa: N818 - a way out, not a fault
    """The template is left to the engine."""


class Part(NamedTuple):
    """An expression, or a part of one: what writes it, and what is known of its value.

    It `calls` functions, or only looks up and compares; it is `defined` where the engine knows no difference of null
    and missing in it; its `path` or `constant`, if it is one.
    """

    emit: Emit
    calls: bool = False
    defined: bool = True
    path: Path = ()
    constant: str | int | None = None


def followed(path: Path) -> Part:
    """The value at a path."""
    return Part(lambda source: source.path(path), defined=False, path=path)


def constant(value: str | int | None) -> Part:
    """A text, a number, true, false or none."""
    return Part(lambda source: source.bind(value), constant=value)


def listed(items: Sequence[Part]) -> Part:
    """A list of values."""
    return Part(
        lambda source: source.let(f"[{', '.join([one.emit(source) for one in items])}]"),
        any(one.calls for one in items),
    )


def mapped(pairs: Sequence[tuple[str, Part]]) -> Part:
    """An object of values by name."""

    def emit(source: Source) -> str:
        return source.let("{" + ", ".join([f"{source.bind(key)}: {one.emit(source)}" for key, one in pairs]) + "}")

    return Part(emit, any(one.calls for _, one in pairs))


def called(function: Bare, arguments: Sequence[Part], named: Mapping[str, Part]) -> Part:
    """The result of a function."""

    def emit(source: Source) -> str:
        given = [source.named(one.emit(source)) for one in arguments]
        if function.missing == "replaces" and len(given) == 2 and not named:
            result = source.let(f"{given[1]} if {given[0]} is None else {given[0]}")
        else:
            by_name = [f"{source.bind(name)}: {one.emit(source)}" for name, one in named.items()]
            all_given = ", ".join([*given, f"**{{{', '.join(by_name)}}}"] if named else given)
            call = f"{source.bind(function.call)}({all_given})"
            passes = function.missing == "passes" and given
            result = source.let(f"None if {given[0]} is None else {call}" if passes else call)
        source.line(f"if isinstance({result}, str) and len({result}) > MAX_OUTPUT: {result} = bounded({result})")
        return result

    return Part(emit, calls=True)


def chosen(holds: Part, value: Part, other: Part | None) -> Part:
    """`value` where the condition holds, else `other`; without one it is missing."""

    def emit(source: Source) -> str:
        condition, name = holds.emit(source), source.name()
        with source.block(f"if {condition}"):
            source.line(f"{name} = {value.emit(source)}")
        with source.block("else"):
            source.line(f"{name} = {other.emit(source) if other else None}")
        return name

    defined = value.defined and other is not None and other.defined
    return Part(emit, any(one.calls for one in (holds, value, other) if one), defined)


def connected(word: str, sides: Sequence[Part]) -> Part:
    """Operands of `and` or `or`; functions are called only where their value is needed."""

    def at_once(source: Source) -> str:
        return "(" + f" {word} ".join([side.emit(source) for side in sides]) + ")"

    def in_turn(source: Source) -> str:
        name = source.let(sides[0].emit(source))
        for side in sides[1:]:
            with source.block(f"if {name}" if word == "and" else f"if not {name}"):
                source.line(f"{name} = {side.emit(source)}")
        return name

    calls = any(side.calls for side in sides[1:])
    return Part(in_turn if calls else at_once, calls or sides[0].calls, all(side.defined for side in sides))


def negated(inner: Part) -> Part:
    """Whether a value is not true."""
    return Part(lambda source: f"(not {inner.emit(source)})", inner.calls)


def equal(left: Part, right: Part) -> Part:
    """Whether two values are equal; null and missing differ. Raises NotSimple where it is not known which it is."""
    calls = left.calls or right.calls
    if (left.defined and right.defined) or left.constant is not None or right.constant is not None:
        return Part(lambda source: f"({left.emit(source)} == {right.emit(source)})", calls)
    if not all(one.defined or one.path for one in (left, right)):
        raise NotSimple

    def emit(source: Source) -> str:
        one, other = left.emit(source), right.emit(source)
        alike = f"{source.bind(_both_null_or_missing)}(context, {source.bind(left.path)}, {source.bind(right.path)})"
        return f"({one} == {other} and ({one} is not None or {alike}))"

    return Part(emit, calls)


def starting(value: Part, start: str) -> Part:
    """Whether a value is a text that begins so."""

    def emit(source: Source) -> str:
        text = source.named(value.emit(source))
        return f"(isinstance({text}, str) and {text}.startswith({source.bind(start)}))"

    return Part(emit, value.calls)


def among(value: Part, constants: Collection[str | int]) -> Part:
    """Whether a value is one of these."""
    return Part(lambda source: f"({value.emit(source)} in {source.bind(constants)})", value.calls)


def _both_null_or_missing(context: Mapping[str, Any], *paths: Path) -> bool:
    """Whether two paths without a value are both null or both missing: these two differ. () stands for null."""
    left, right = (bool(path) and jsonpath.lookup(context, path) is MISSING for path in paths)
    return left == right
