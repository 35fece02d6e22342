"""Encodings that services outside ask for."""

from base64 import b64encode

from gateway.language.functions.coerce import text_of
from gateway.language.functions.registry import Example, function
from gateway.model import JSON


@function(
    doc="The text in base64, as the header of Basic authentication needs it.",
    examples=[Example("Basic {{ 'ada:lovelace' | base64 }}", {}, "Basic YWRhOmxvdmVsYWNl")],
)
def base64(value: JSON) -> JSON:
    """See the registration."""
    return b64encode(text_of(value).encode("utf-8", "replace")).decode()
