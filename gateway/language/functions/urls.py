"""Relative URLs made absolute (RFC 3986, section 5)."""

from urllib.parse import urlsplit

from gateway.language.functions.coerce import text_of
from gateway.language.functions.markdown import absolute_url
from gateway.language.functions.registry import Example, function
from gateway.model import JSON

_SCHEMES = ("http", "https")


def is_absolute(url: str) -> bool:
    """Whether this is an http or https URL that names its host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme.lower() in _SCHEMES and bool(parts.netloc)


@function(
    doc="A URL as an absolute one, resolved against `base` where it is relative; missing when neither names a host.",
    examples=[
        Example(
            "{{ url | resolve(base) }}",
            {"url": "/d/7?orgId=1", "base": "https://x.example/app/"},
            "https://x.example/d/7?orgId=1",
        ),
        Example(
            "{{ url | resolve(base) }}",
            {"url": "https://y.example/a", "base": "https://x.example"},
            "https://y.example/a",
        ),
        Example("{{ url | resolve | default('none') }}", {"url": "/d/7"}, "none"),
    ],
)
def resolve(value: JSON, base: JSON = "") -> JSON:
    """See the registration."""
    url = text_of(value).strip()
    if not is_absolute(url):
        url = absolute_url(url, text_of(base).strip())
    return url if is_absolute(url) else None
