"""What XML leaves open and the shape of a document decides: one child or a list of one, empty text or nothing inside.

`<items><item/></items>` is decoded as one item, and with a second one as a list of two; `<items/>` as empty text.
"""

from collections.abc import Mapping, Sequence

from gateway.catalog.tolerance import types_of
from gateway.model import JSON


def shaped(value: JSON, schema: JSON) -> JSON:
    """The value of an XML document with lists and objects where the schema has them; definitions are not followed."""
    if not isinstance(schema, Mapping):
        return value
    types = types_of(schema)
    if "array" in types:
        elements = value if isinstance(value, list) else [] if value in (None, "") else [value]
        return [shaped(one, schema.get("items")) for one in elements]
    if value == "" and "object" in types and "string" not in types:
        return {}
    properties = schema.get("properties")
    if not (isinstance(value, dict) and isinstance(properties, Mapping)):
        return value
    return {name: shaped(one, properties.get(name)) for name, one in value.items()}


def evened(values: Sequence[JSON]) -> list[JSON]:
    """Values of XML documents with lists and objects where one of them has them: as `shaped` with a schema."""
    if any(isinstance(one, list) for one in values):
        rows = [one if isinstance(one, list) else [] if one in (None, "") else [one] for one in values]
        elements = iter(evened([element for row in rows for element in row]))
        return [[next(elements) for _ in row] for row in rows]
    if not any(isinstance(one, dict) for one in values):
        return list(values)
    objects: list[JSON] = [{} if one == "" else dict(one) if isinstance(one, dict) else one for one in values]
    found = [one for one in objects if isinstance(one, dict)]
    for key in dict.fromkeys(key for one in found for key in one):
        holders = [one for one in found if key in one]
        for one, inner in zip(holders, evened([one[key] for one in holders]), strict=True):
            one[key] = inner
    return objects
