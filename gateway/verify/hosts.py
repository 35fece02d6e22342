"""The hosts that a document allows URLs of requests to lie on: exact names, or patterns such as `sns.*.amazonaws.com`.

`*` stands for exactly one label (RFC 1034) of letters, digits and hyphens. The last two labels are fixed, and what is
fixed must belong to one owner: below `co.uk` or `github.io` anybody can have a name.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_TOP = re.compile(r"[a-z]{2,24}|xn--[a-z0-9-]{2,59}")
_URL = re.compile(r"https://([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,9})(?::443)?(?:[/?][\x21-\x7e]*)?", re.I)
_REGISTRIES: Final = frozenset("ac co com edu go gob gov gouv mil ne net nom or org sch".split())
"""Labels below a country, under which anybody registers names: `co.uk`, `com.au`."""
_OF_CUSTOMERS: Final = frozenset(
    "appspot.com azureedge.net azurewebsites.net blogspot.com cloudapp.net cloudfront.net fly.dev github.io gitlab.io "
    "herokuapp.com netlify.app ngrok.io onrender.com pages.dev run.app s3.amazonaws.com sharepoint.com vercel.app "
    "web.app windows.net workers.dev".split()
)
"""Domains in which a provider gives names to anybody."""
_OF_SERVICES: Final = frozenset({"amazonaws.com", "amazonaws.com.cn"})
"""Domains in which the first label names a service of the provider, others are regions: the first must be fixed."""


def parse_host(text: str) -> str:
    """A host or pattern of hosts, in lower case; ValueError says what is wrong with it."""
    host = text.lower()
    if not host or any(sign in host for sign in "/:@ "):
        raise ValueError(f"{text!r} is no host: expected a name such as sns.example.com, without scheme, port and path")
    labels = host.split(".")
    if any(label != "*" and not _LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"{text!r} is no host: expected letters, digits and hyphens, or * for one whole label")
    last = len(labels) - labels[::-1].index("*") if "*" in labels else 0
    fixed = labels[last:]
    if len(fixed) < 2:
        raise ValueError(f"{text!r} allows too much: expected two labels without * at its end, such as *.example.com")
    if not _TOP.fullmatch(fixed[-1]):
        raise ValueError(f"{text!r} is no host: expected a name that ends in a top-level domain, such as example.com")
    if _is_open(labels[:last], fixed):
        raise ValueError(f"{text!r} allows too much: anybody can have a host below {'.'.join(fixed)}")
    return host


def _is_open(varying: Sequence[str], fixed: Sequence[str]) -> bool:
    """Whether the pattern also allows hosts of others than one owner."""
    tail = ".".join(fixed)
    if tail in _OF_SERVICES:
        return all(label == "*" for label in varying)
    return tail in _OF_CUSTOMERS or (len(fixed) == 2 and len(fixed[1]) == 2 and fixed[0] in _REGISTRIES)


def host_of(url: str) -> str:
    """The host of an https URL in lower case; "" for another scheme or port, for a user in it, and for no URL."""
    match = _URL.fullmatch(url)
    return match[1].lower() if match else ""


def allows(patterns: Iterable[str], host: str) -> bool:
    """Whether a host in lower case is one of these, which `parse_host` gave."""
    labels = host.split(".")
    return any(_matches(pattern.split("."), labels) for pattern in patterns)


def forbidden(patterns: Iterable[str], url: str) -> str:
    """Why a URL may not be fetched where a document allows these hosts; "" for one that may."""
    host = host_of(url)
    if allows(patterns, host):
        return ""
    where = f"the host {host}" if host else "the URL, which is no https URL of a host on the usual port,"
    return f"{where} is not among those that the document lists"


def _matches(pattern: Sequence[str], labels: Sequence[str]) -> bool:
    if len(pattern) != len(labels):
        return False
    return all(
        wanted == label or (wanted == "*" and _LABEL.fullmatch(label) is not None)
        for wanted, label in zip(pattern, labels, strict=True)
    )
