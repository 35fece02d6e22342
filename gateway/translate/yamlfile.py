"""YAML as documents use it: plain data, no dates, `yes` is a word, no key twice, and faults know their line."""

import re
from typing import Any

import yaml

from gateway.errors import CatalogError, Fault
from gateway.model import JSON

DEPTH = 100
"""How deep a document may nest; the C loader recurses, and ends the whole process when the stack does."""

_BOOL = "tag:yaml.org,2002:bool"
_TIMESTAMP = "tag:yaml.org,2002:timestamp"


class _Loader(yaml.CSafeLoader):
    """The C loader without the surprises of YAML 1.1: dates stay strings, only true and false are booleans."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own class attribute
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in {_TIMESTAMP, _BOOL}]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(
                    None, None, "a template must be quoted: write '{{ ... }}' in quotes", key.start_mark
                )
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} is there twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(_BOOL, re.compile("^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


def load(text: str, file: str) -> JSON:
    """The value of a YAML text; raises CatalogError naming `file` and the line."""
    try:
        _check_depth(text, file)
        return yaml.load(text, _Loader)  # noqa: S506 - a safe loader, see above
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context or "not YAML"
        raise CatalogError([Fault(file, mark.line + 1 if mark else 0, "", problem)]) from error
    except yaml.YAMLError as error:
        raise CatalogError([Fault(file, 0, "", f"not YAML: {error}")]) from error


class _Dumper(yaml.CSafeDumper):
    """Multi-line strings as literal blocks, which is how a person reads a message."""


_Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None),
)


def dump(document: JSON) -> str:
    """The YAML text of plain data, its keys in the order given."""
    return str(yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120))


def _check_depth(text: str, file: str) -> None:
    """Raise CatalogError where a text nests deeper than DEPTH. Reading events takes no stack."""
    depth = 0
    for event in yaml.parse(text, yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEPTH:
                mark = event.start_mark
                problem = f"this is nested deeper than {DEPTH} levels"
                raise CatalogError([Fault(file, mark.line + 1 if mark else 0, "", problem)])
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def line_of(text: str, steps: tuple[str | int, ...]) -> int:
    """The line (from 1) where the value at `steps` begins, or that of its nearest parent that exists."""
    node = yaml.compose(text, yaml.CSafeLoader)
    line = 1
    for step in steps:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(step)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            break
    return line
