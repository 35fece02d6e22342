"""Comparisons that cannot hold: a path whose value is a number or a flag, and a text in quotes.

`status == '0'` is no fault of syntax, and never true where senders write 0: nobody sees that before a line is missed.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from jinja2 import nodes

from gateway.language.known import FLAG, Known

_EQUALITIES: Final = frozenset({"eq", "ne"})
_MEMBERSHIPS: Final = frozenset({"in", "notin"})
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def impossible(node: nodes.Compare, known: Sequence[Known]) -> Iterator[tuple[str, str, str]]:
    """Each path that never equals the text that it is compared with: (path, problem, remedy).

    `known` is what is known of the operands in their order. `in` goes through the elements of a list that is written
    out; in a text it looks for what the number looks like.
    """
    operands = [node.expr, *(one.expr for one in node.ops)]
    for index, operand in enumerate(node.ops):
        left, right = operands[index : index + 2]
        if operand.op in _EQUALITIES:
            yield from _unequal(left, known[index], [right])
            yield from _unequal(right, known[index + 1], [left])
        elif operand.op in _MEMBERSHIPS and isinstance(right, nodes.List | nodes.Tuple):
            yield from _unequal(left, known[index], right.items)


def _unequal(node: nodes.Node, known: Known, others: Sequence[nodes.Node]) -> Iterator[tuple[str, str, str]]:
    path = written(node)
    for other in others if path and known.kind else ():
        if isinstance(other, nodes.Const) and isinstance(other.value, str):
            problem = f"`{path}` is {known.kind} here and never equals the text '{other.value}'"
            yield path, problem, f"{_instead(path, known, other.value)}, or say in `input` that it is `text`"


def _instead(path: str, known: Known, text: str) -> str:
    """What to write in place of a comparison with a text."""
    if known is FLAG:
        return f"write `{path}` or `not {path}` alone"
    return f"write {text} without quotes" if _NUMBER.fullmatch(text) else "compare it with a number"


def written(node: nodes.Node) -> str:
    """A path as it is written; "" for any other expression."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr) and (outer := written(node.node)):
        return f"{outer}.{node.attr}"
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and (outer := written(node.node)):
        return f"{outer}[{node.arg.value!r}]"
    return ""
