"""Encodings that services outside ask for."""

from base64 import b64encode
from urllib.parse import unquote

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


@function(
    doc="A text whose characters are percent-encoded, as it was before: the other way round than `urlencode`.",
    examples=[Example("{{ path | urldecode }}", {"path": "fix%2Flogin%20page"}, "fix/login page")],
)
def urldecode(value: JSON) -> JSON:
    """See the registration."""
    return unquote(text_of(value))
