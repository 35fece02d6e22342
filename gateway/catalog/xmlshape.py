"""What XML leaves open and the shape of a document decides: one child or a list of one, empty text or nothing inside.

`<items><item/></items>` is decoded as one item, and with a second one as a list of two; `<items/>` as empty text.
"""

from collections.abc import Mapping

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
