"""The keys of documents in tables, made from their meta-schemas: schemas/README.md shows them.

A definition with keys of its own has a table of its own, under its name; one without is a row among the values.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import yaml

from gateway.catalog.metaschema import meta_schema

KINDS: Final = ("service", "translator", "sample", "callback")
"""The meta-schemas, in the order of the page. What two of them define alike is shown where it comes first."""
_NAMES: Final = {
    "string": "string", "number": "number", "integer": "whole number", "boolean": "true or false", "null": "nothing",
    "array": "list", "object": "mapping",
}  # fmt: skip
_CHOICES: Final = ("oneOf", "anyOf")

Row = tuple[str, str, str]


def table(*rows: Iterable[str]) -> str:
    """A Markdown table; the first row is its head."""
    head, *body = [list(row) for row in rows]
    lines = [" | ".join(cell.replace("|", "\\|") for cell in row) for row in [head, *body]]
    return "\n".join(f"| {line} |" for line in [lines[0], " | ".join("---" for _ in head), *lines[1:]])


def keys(kind: str) -> str:
    """The keys of one kind of document, and of what stands in it: a table each."""
    schema, _ = meta_schema(kind)
    shown = [described("", schema), *(described(f"#### {name}", one) for name, one in _own_definitions(kind))]
    return "\n\n".join(shown)


def values() -> str:
    """The definitions that have no keys of their own: what values are called in the other tables."""
    found = {name: one for kind in KINDS for name, one in _definitions(kind).items() if not _has_keys(one)}
    rows = [(f"`{name}`", words(one), _text(one)) for name, one in sorted(found.items())]
    return table(("name", "value", ""), *rows)


def undescribed(kind: str) -> list[str]:
    """The keys of a meta-schema that say nothing of themselves, by their places."""
    return list(_undescribed(meta_schema(kind)[0], kind, _definitions(kind)))


def _undescribed(schema: Any, place: str, definitions: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(schema, list):
        for index, one in enumerate(schema):
            yield from _undescribed(one, f"{place}/{index}", definitions)
    elif isinstance(schema, Mapping):
        for name, one in schema.get("properties", {}).items():
            reference = _reference(one)
            named_alike = reference == name or reference in {"use", "with", "state", "each", "author", "let", "fields"}
            if "description" not in one and not (named_alike and "description" in definitions[reference]):
                yield f"{place}/{name}"
        for name, one in schema.items():
            yield from _undescribed(one, f"{place}/{name}", definitions)


def _definitions(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = meta_schema(kind)[0].get("$defs", {})
    return found


def _own_definitions(kind: str) -> list[tuple[str, Any]]:
    """The definitions with keys that no earlier kind has."""
    before = {name for earlier in KINDS[: KINDS.index(kind)] for name in _definitions(earlier)}
    return [(name, one) for name, one in _definitions(kind).items() if _has_keys(one) and name not in before]


def _has_keys(schema: Mapping[str, Any]) -> bool:
    """Whether it needs a table: it has keys, or is a choice between definitions that depends on them."""
    return "properties" in schema or "if" in schema or any(map(_has_keys, _branches(schema)))


def described(heading: str, schema: Mapping[str, Any]) -> str:
    """A heading, what the schema says of itself, its alternatives, and its keys."""
    said = " ".join(filter(None, [_sentence(schema.get("title", "")), schema.get("description", ""), _rules(schema)]))
    parts = [heading, said, _alternatives(schema)]
    rows = list(_rows(schema, ""))
    return "\n\n".join(filter(None, [*parts, table(("key", "value", ""), *rows) if rows else ""]))


def _sentence(title: str) -> str:
    return f"{title.rstrip('.')}." if title else ""


def _alternatives(schema: Mapping[str, Any]) -> str:
    """What may stand there, where that is one of several things."""
    branches = list(_chain(schema)) if "if" in schema else _branches(schema)
    alike = all("properties" in one for one in branches)
    told = [": ".join(filter(None, ["" if alike else words(one), one.get("description", "")])) for one in branches]
    return "\n".join(f"- {text}" for text in dict.fromkeys(told) if text)


def _chain(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The branches of `if`, `then`, `else`, of which an `else` may hold the next."""
    for key in ("then", "else"):
        branch = schema.get(key)
        if branch is not None:
            yield from _chain(branch) if "if" in branch else (branch,)


def _branches(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The alternatives of a value that say more than which keys are needed."""
    return [one for key in _CHOICES for one in schema.get(key, ()) if not set(one) <= {"required"}]


def _rows(schema: Mapping[str, Any], above: str) -> Iterator[Row]:
    """A row for each key at any depth, down to where a definition begins: `pairs.signature`."""
    required = schema.get("required", ())
    for name, one in schema.get("properties", {}).items():
        if name == "$schema":
            continue
        yield f"`{above}{name}`", words(one) + (", required" if name in required else ""), _text(one)
        yield from _rows(one, f"{above}{name}.")
    for branch in _branches(schema):
        yield from _rows({key: one for key, one in branch.items() if key != "required"}, above)
    if isinstance(inner := schema.get("items"), Mapping):
        yield from _rows(inner, f"{above.removesuffix('.')}[].")
    if isinstance(inner := schema.get("additionalProperties"), Mapping):
        yield from _rows(inner, f"{above}NAME.")


def _reference(schema: Mapping[str, Any]) -> str:
    """The name of the definition that a schema refers to; "" for none."""
    inner = schema.get("allOf", [schema])[0]
    return str(inner.get("$ref", "")).rpartition("/")[2]


def words(schema: Mapping[str, Any]) -> str:
    """What a value is, in plain words, with links to definitions."""
    if name := _reference(schema):
        known = next(found[name] for kind in KINDS if name in (found := _definitions(kind)))
        return f"[{name}](#{name if _has_keys(known) else 'values'})"
    if "const" in schema:
        return _code(schema["const"])
    if "enum" in schema:
        return _either([_code(one) for one in schema["enum"] if one is not None])
    if branches := _branches(schema):
        return _either(list(dict.fromkeys(words(one) for one in branches)))
    kinds = schema.get("type", [])
    return _either([_type(schema, one) for one in ([kinds] if isinstance(kinds, str) else kinds)]) or "any value"


def _type(schema: Mapping[str, Any], kind: str) -> str:
    """The words for one type, with what a list or mapping holds."""
    if kind == "array" and "items" in schema:
        told = words(schema["items"])
        return f"list of ({told})" if " or " in told else f"list of {told}"
    inner = schema.get("additionalProperties")
    if kind == "object" and isinstance(inner, Mapping) and "properties" not in inner:
        return f"mapping of names to {words(inner)}"
    return _NAMES[kind]


def _either(told: list[str]) -> str:
    return ", ".join(told[:-1]) + " or " + told[-1] if len(told) > 1 else "".join(told)


def _text(schema: Mapping[str, Any]) -> str:
    """The description of a value, with its bounds, its default and examples."""
    parts = [schema.get("description", ""), _rules(schema), _bounds(schema)]
    if "default" in schema:
        parts.append(f"Default: {_code(schema['default'])}.")
    if "examples" in schema:
        parts.append(f"For example {_either([_code(one) for one in schema['examples']])}.")
    return " ".join(filter(None, parts))


def _bounds(schema: Mapping[str, Any]) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and most is not None:
        return f"From {least} to {most:,}."
    return f"At least {least}." if least else ""


def _rules(schema: Mapping[str, Any]) -> str:
    """Which keys need or exclude each other."""
    rules = []
    for key, told in (("oneOf", "Exactly one of"), ("anyOf", "At least one of")):
        groups = [one["required"] for one in schema.get(key, ()) if set(one) == {"required"}]
        if groups:
            rules.append(f"{told} {', '.join(' and '.join(map(_code, group)) for group in groups)}.")
    for name, needed in schema.get("dependentRequired", {}).items():
        rules.append(f"{_code(name)} needs {' and '.join(map(_code, needed))}.")
    excluded = schema.get("not", {}).get("required", ())
    if excluded:
        rules.append(f"Not {' and '.join(map(_code, excluded))} together.")
    return " ".join(rules)


def _code(value: Any) -> str:
    """A value as a document writes it."""
    text = yaml.safe_dump(value, default_flow_style=True, width=10_000, sort_keys=False, allow_unicode=True)
    return f"`{text.removesuffix('...' + chr(10)).strip()}`"
