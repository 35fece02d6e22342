"""Reads a template as `check` does: every path in it is looked up in what the document knows of the payload.

Nothing is rendered. The syntax is that of Jinja, whose own parser gives the tree of a template; what is known of the
names that it uses says what is known of its values.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from jinja2 import Environment, TemplateSyntaxError, nodes
from msgspec import Struct

from gateway import jsonpath
from gateway.language.comparisons import impossible, written
from gateway.language.known import ANY, FLAG, SCALAR, Known, union
from gateway.settings.lines import close

_SHOWN: Final = 12
"""How many valid names a remedy lists."""
_CACHED: Final = 4096

_ENVIRONMENT: Final = Environment(trim_blocks=True, lstrip_blocks=True)  # noqa: S701 - it renders nothing
_LOOP: Final = Known.of(
    **dict.fromkeys("index index0 revindex revindex0 first last length depth depth0".split(), SCALAR),
    **dict.fromkeys("previtem nextitem".split(), ANY),
)
_CONSTANTS: Final = frozenset({"true", "false", "none", "True", "False", "None"})

UNNAMED: Final = "say it in `input` or `let`"
"""What to do about a name that nothing has, in most documents."""


class Unknown(Struct, frozen=True):
    """A path that the document does not know: the path as it is written, what is wrong with it, and what to do."""

    path: str
    problem: str
    remedy: str


class Reader:
    """Reads the templates of a document; `unknown` collects the paths that it does not know.

    `functions` are the names of functions; `unnamed` says what to do about a name that nothing has, and `later` are the
    names of `let` that have no value yet where the templates stand.
    """

    def __init__(self, functions: Iterable[str], unnamed: str = UNNAMED, later: Iterable[str] = ()) -> None:
        self._functions = frozenset(functions)
        self._later = frozenset(later)
        self._unnamed = unnamed
        self.unknown: list[Unknown] = []

    def template(self, source: str, names: Known) -> Known:
        """Read a template that sees `names`; what is known of its value. One expression alone keeps its type."""
        tree = parsed(source)
        if tree is None:
            return ANY
        value = _Templates(self, names).body(tree.body)
        return value if value is not None else SCALAR

    def expression(self, source: str, names: Known) -> Known:
        """Read an expression, with or without its braces; what is known of its value."""
        return self.template(source if "{{" in source else "{{ (" + source + ") }}", names)

    def is_function(self, name: str) -> bool:
        """Whether a name is that of a function."""
        return name in self._functions

    def add_name(self, name: str, names: Iterable[str]) -> None:
        """Note a name that is none of the `names` here."""
        if name in self._later:
            self.add(name, f"`{name}` stands further down in `let`", "move it up: each value sees those above it")
        else:
            self.add(name, f"nothing here is called `{name}`", f"{_meant(name, names, 'known here')} {self._unnamed}")

    def add(self, path: str, problem: str, remedy: str) -> None:
        """Note a path that is not known; each once."""
        found = Unknown(path, problem, remedy)
        if found not in self.unknown:
            self.unknown.append(found)


@lru_cache(_CACHED)
def parsed(source: str) -> nodes.Template | None:
    """The tree of a template; None for one that Jinja does not read, which the engine judges."""
    try:
        return _ENVIRONMENT.parse(source)
    except (TemplateSyntaxError, RecursionError):
        return None


class _Templates:
    """Reads one template, which may name values itself."""

    def __init__(self, reader: Reader, names: Known) -> None:
        self._reader = reader
        self._names = names

    def body(self, statements: Iterable[nodes.Node]) -> Known | None:
        """Read statements; the value of a single expression among nothing but blanks, None for other texts."""
        shown: list[Known | None] = []
        for statement in statements:
            if isinstance(statement, nodes.Output):
                shown += [self._output(node) for node in statement.nodes if not _is_blank(node)]
            else:
                shown.append(None)
                self._statement(statement)
        return shown[0] if len(shown) == 1 else None

    def _output(self, node: nodes.Node) -> Known | None:
        return None if isinstance(node, nodes.TemplateData) else self.value(node)

    def _statement(self, node: nodes.Node) -> None:
        if isinstance(node, nodes.If):
            self._branches(node)
        elif isinstance(node, nodes.For):
            self._loop(node)
        elif isinstance(node, nodes.Assign):
            self._name(self._set(node.target, self.value(node.node)))
        elif isinstance(node, nodes.AssignBlock):
            self.body(node.body)
            self._name(self._set(node.target, SCALAR))

    def _branches(self, node: nodes.If) -> None:
        """Read the branches; a name that some of them set may have the value that it has in any."""
        before, after = self._names, list[Known]()
        self.value(node.test)
        parts: list[list[Any]] = [node.body, *([one] for one in node.elif_), node.else_]
        for part in parts:
            self._names = before
            self.body(part)
            after.append(self._names)
        self._names = before if all(one is before for one in after) else union(after)

    def _loop(self, node: nodes.For) -> None:
        outer, element = self._names, self.value(node.iter).looped()
        self._name({**self._set(node.target, element), "loop": _LOOP})
        if node.test is not None:
            self.value(node.test)
        self.body(node.body)
        self._names = outer
        self.body(node.else_)

    def _set(self, target: nodes.Node, value: Known) -> dict[str, Known]:
        """The names that an assignment makes, with their values."""
        if isinstance(target, nodes.Name):
            return {target.name: value}
        parts: list[Any] = target.items if isinstance(target, nodes.Tuple) else []
        return {one.name: value.element() for one in parts if isinstance(one, nodes.Name)}

    def _name(self, names: Mapping[str, Known]) -> None:
        self._names = self._names.extended(names)

    def value(self, node: nodes.Node) -> Known:
        """What is known of the value of an expression."""
        read = _READ.get(type(node))
        if read is not None:
            return read(self, node)
        for inner in node.iter_child_nodes():  # of an operator, a comparison or a test: none has keys
            self.value(inner)
        return SCALAR

    def _of_name(self, node: nodes.Name) -> Known:
        name = node.name
        if name in _CONSTANTS:
            return SCALAR
        found = self._names.key(name)
        if found is None:
            self._reader.add_name(name, self._names.keys)
            return ANY
        return found

    def _of_attribute(self, node: nodes.Getattr) -> Known:
        return self._key(self.value(node.node), node.attr, written(node.node))

    def _of_item(self, node: nodes.Getitem) -> Known:
        inside = self.value(node.node)
        if isinstance(node.arg, nodes.Slice):
            for one in (node.arg.start, node.arg.stop, node.arg.step):
                self.value(one) if one is not None else SCALAR
            return inside
        if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            return self._key(inside, node.arg.value, written(node.node))
        self.value(node.arg)
        return inside.element()

    def _key(self, inside: Known, name: str, outer: str) -> Known:
        """What a key of a value holds; `outer` is how the value is written."""
        found = inside.key(name)
        if found is not None:
            return found
        path = f"{outer}.{name}" if outer else name
        if inside.is_scalar:
            problem = f"`{outer or 'this'}` is a text or a number here and has no key `{name}`"
            self._reader.add(path, problem, "say in `input` which keys it has, or take it as it is")
        elif not inside.keys:
            problem = f"`{outer or 'this'}` is a list here and has no key `{name}`"
            self._reader.add(path, problem, f"repeat for its elements by `each`, or take one: {outer}[0].{name}")
        else:
            remedy = f"{_meant(name, inside.keys, 'it has')} say it in `input`"
            self._reader.add(path, f"`{outer or 'this'}` has no key `{name}`", remedy)
        return ANY

    def path(self, inside: Known, text: str, outer: str) -> Known:
        """What a path inside of a value leads to."""
        try:
            steps = jsonpath.parse(text)
        except ValueError:
            return ANY
        for step in steps:
            if isinstance(step, int):
                inside, outer = inside.element(), f"{outer}[{step}]"
            else:
                inside, outer = self._key(inside, step, outer), f"{outer}.{step}" if outer else step
        return inside

    def _of_filter(self, node: nodes.Filter) -> Known:
        value = self.value(node.node) if node.node is not None else ANY
        arguments = self._arguments(node)
        gives = _GIVES.get(node.name)
        return gives(_Applied(self, node, value, arguments)) if gives is not None else ANY

    def _arguments(self, node: nodes.Filter | nodes.Call) -> list[Known]:
        named = [self.value(one.value) for one in node.kwargs]
        return [*(self.value(one) for one in node.args), *named]

    def _of_call(self, node: nodes.Call) -> Known:
        if isinstance(node.node, nodes.Name) and self._reader.is_function(node.node.name):
            arguments = self._arguments(node)
            return union(arguments) if node.node.name in _EITHER else ANY
        self.value(node.node)
        self._arguments(node)
        return ANY

    def _of_choice(self, node: nodes.CondExpr) -> Known:
        self.value(node.test)
        return union([SCALAR if one is None else self.value(one) for one in (node.expr1, node.expr2)])

    def _of_comparison(self, node: nodes.Compare) -> Known:
        known = [self.value(one) for one in (node.expr, *(operand.expr for operand in node.ops))]
        for path, problem, remedy in impossible(node, known):
            self._reader.add(path, problem, remedy)
        return FLAG

    def _of_either(self, node: nodes.BinExpr) -> Known:
        return union([self.value(node.left), self.value(node.right)])

    def _of_list(self, node: nodes.List | nodes.Tuple) -> Known:
        return Known.list(union([self.value(one) for one in node.items]))

    def _of_object(self, node: nodes.Dict) -> Known:
        pairs = {pair.key: self.value(pair.value) for pair in node.items}
        named = {key.value: one for key, one in pairs.items() if isinstance(key, nodes.Const)}
        return Known.object({str(name): one for name, one in named.items()}, others=len(named) < len(pairs))


def _is_blank(node: nodes.Node) -> bool:
    return isinstance(node, nodes.TemplateData) and not node.data.strip()


def _meant(name: str, names: Iterable[str], lead: str) -> str:
    """What may be meant by a name, else the first ones of those that there are."""
    known = tuple(sorted(map(str, names)))
    more = ", …" if len(known) > _SHOWN else ""
    meant = close(name, known)
    return f"{meant} If not," if meant else f"{lead}: {', '.join(known[:_SHOWN])}{more}; or"


class _Applied(NamedTuple):
    """A function applied to a value: what is known of that and of the arguments, which stand in `node`."""

    templates: _Templates
    node: nodes.Filter
    value: Known
    arguments: list[Known]

    @property
    def written(self) -> str:
        """How the value is written, if it is a path."""
        return written(self.node.node) if self.node.node is not None else ""

    def inside(self, where: str | None) -> Known:
        """What a path leads to inside of the elements of the value, or inside of a single object."""
        if where is None:
            return ANY
        is_object = bool(self.value.keys)
        outer = f"{self.written}[0]" if self.written and not is_object else self.written
        return self.templates.path(self.value if is_object else self.value.element(), where, outer)

    def text(self, name: str, position: int | None = None) -> str | None:
        """The text that is written as an argument, given by its name or position; None for any other argument."""
        found = [one.value for one in self.node.kwargs if one.key == name]
        if position is not None and position < len(self.node.args):
            found.append(self.node.args[position])
        value = found[0].value if found and isinstance(found[0], nodes.Const) else None
        return value if isinstance(value, str) else None


def _same(applied: _Applied) -> Known:
    return applied.value


def _trimmed(applied: _Applied) -> Known:
    return SCALAR if applied.value.is_scalar else applied.value


def _either(applied: _Applied) -> Known:
    return union([applied.value, *applied.arguments[:1]])


def _element(applied: _Applied) -> Known:
    return SCALAR if applied.value.is_scalar else applied.value.element()


def _at_path(applied: _Applied) -> Known:
    where = applied.text("where", 0)
    if where is None:
        return ANY
    return union([applied.templates.path(applied.value, where, applied.written), *applied.arguments[1:2]])


def _at_key(applied: _Applied) -> Known:
    return union([applied.value.any_key(), applied.value.element()])


def _by_attribute(applied: _Applied) -> Known:
    applied.inside(applied.text("attribute", 0))
    return applied.value


def _by_named_attribute(applied: _Applied) -> Known:
    applied.inside(applied.text("attribute"))
    return applied.value


def _mapped(applied: _Applied) -> Known:
    return Known.list(applied.inside(applied.text("attribute")))


def _filled(applied: _Applied) -> Known:
    key = applied.text("key", 0)
    if key is None:
        return applied.value
    element = applied.value.element()
    return Known.list(element.extended({key: union([element.key(key) or SCALAR, *applied.arguments[1:2]])}))


def _by_key(applied: _Applied) -> Known:
    applied.inside(applied.text("key", 0))
    return SCALAR


_EITHER: Final = frozenset({"coalesce"})
"""The global functions that give one of their arguments."""
_GIVES: Final[Mapping[str, Callable[[_Applied], Known]]] = {
    **dict.fromkeys("unless list reverse select reject others".split(), _same),
    **dict.fromkeys("sort unique".split(), _by_named_attribute),
    **dict.fromkeys("selectattr rejectattr".split(), _by_attribute),
    **dict.fromkeys("first last".split(), _element),
    "default": _either, "path": _at_path, "at": _at_key, "map": _mapped, "fill": _filled, "join_names": _by_key,
    "trim": _trimmed,
}  # fmt: skip
"""What a function gives that hands on (a part of) its value; any other one gives a value of which nothing is known."""
_READ: Final[Mapping[type[nodes.Node], Callable[[_Templates, Any], Known]]] = {
    nodes.Name: _Templates._of_name,
    nodes.Getattr: _Templates._of_attribute,
    nodes.Getitem: _Templates._of_item,
    nodes.Filter: _Templates._of_filter,
    nodes.Call: _Templates._of_call,
    nodes.Compare: _Templates._of_comparison,
    nodes.CondExpr: _Templates._of_choice,
    nodes.And: _Templates._of_either,
    nodes.Or: _Templates._of_either,
    nodes.Add: _Templates._of_either,
    nodes.List: _Templates._of_list,
    nodes.Tuple: _Templates._of_list,
    nodes.Dict: _Templates._of_object,
}
