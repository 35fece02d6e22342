"""The constant texts that a template may become: for keys whose values are few, such as a colour or a phase."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from jinja2 import nodes

from gateway.language.reader import parsed

_TABLES: Final = frozenset({"pick"})
"""Functions whose first argument is a table of which they give a value."""
_OTHERS: Final = frozenset({"pick", "default"})
"""Functions that give an argument of theirs where the value has nothing to give."""


def constants(source: str) -> set[str]:
    """The texts that the template becomes in any of its branches, as far as they are written in it."""
    tree = parsed(source)
    return {text for text in _of_body(tree.body) if text} if tree is not None else set()


def _of_body(body: Iterable[nodes.Node]) -> Iterator[str]:
    """The texts of statements of which no more than one writes anything at a time."""
    shown: list[nodes.Node] = []
    for statement in body:
        inner = statement.nodes if isinstance(statement, nodes.Output) else [statement]
        shown += [one for one in inner if not isinstance(one, nodes.Assign | nodes.AssignBlock) and not _is_blank(one)]
    if any(not isinstance(one, nodes.If) for pair in pairwise(shown) for one in pair):
        return  # a text of several parts
    for one in shown:
        yield from _of_node(one)


def _of_node(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.TemplateData):
        yield node.data.strip()
    elif isinstance(node, nodes.Const):
        yield str(node.value).strip() if isinstance(node.value, str) else ""
    elif isinstance(node, nodes.If):
        yield from _of_body(node.body)
        yield from _of_body(node.elif_)
        yield from _of_body(node.else_)
    elif isinstance(node, nodes.CondExpr):
        yield from _of_node(node.expr1)
        if node.expr2 is not None:
            yield from _of_node(node.expr2)
    elif isinstance(node, nodes.Or):
        yield from _of_node(node.left)
        yield from _of_node(node.right)
    elif isinstance(node, nodes.Filter):
        yield from _of_filter(node)


def _of_filter(node: nodes.Filter) -> Iterator[str]:
    if node.name in _TABLES and node.args and isinstance(node.args[0], nodes.Dict):
        for pair in node.args[0].items:
            yield from _of_node(pair.value)
    if node.name in _OTHERS:
        for other in node.args[1 if node.name in _TABLES else 0 :]:
            yield from _of_node(other)
        if node.name not in _TABLES and node.node is not None:
            yield from _of_node(node.node)


def _is_blank(node: nodes.Node) -> bool:
    return isinstance(node, nodes.TemplateData) and not node.data.strip()
