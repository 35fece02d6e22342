"""Which HTTP proxy stands between the gateway and a server: the one that the settings name, else the environment's.

HTTPS_PROXY is for https:// URLs, HTTP_PROXY for http:// ones, NO_PROXY lists hosts that are reached without; names in
lower case come first, as with curl. This machine itself is never reached through a proxy of the environment. The
credentials of a proxy are part of its URL, which is a secret therefore.
"""

import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

from gateway.secret import Secret
from gateway.settings.admin import is_loopback
from gateway.settings.keys import Address, http_url, spelling
from gateway.settings.lines import Place, Report
from gateway.settings.reader import TableReader

DIRECT: Final = "none"
"""The value of a `proxy` key for a server that is reached without one."""

_NO_PROXY: Final = "is not the URL of an HTTP proxy"
_EXPECTED: Final = "expected http://HOST:PORT, with USER:PASSWORD@ before the host if it asks for them"

_PORTS: Final = {"http": 80, "https": 443}
_ENTRY = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*):(\d+)")


class Proxies(Struct, frozen=True):
    """The proxies of the environment; `exempt` are the entries of NO_PROXY."""

    https: Secret | None = None
    http: Secret | None = None
    exempt: tuple[str, ...] = ()

    def to(self, url: str, chosen: Secret | None = None) -> Secret | None:
        """The URL of the proxy on the way to a URL; None without one.

        `chosen` is the key `proxy` of the settings: None leaves it to the environment, an empty text is DIRECT.
        """
        if chosen is not None:
            return chosen or None
        target = urlsplit(url)
        proxy = self.https if target.scheme == "https" else self.http
        if proxy is None or _is_local(target.hostname or "") or any(_covers(entry, target) for entry in self.exempt):
            return None
        return proxy


def shown(proxy: Secret) -> str:
    """HOST:PORT of a proxy, for people."""
    parts = urlsplit(proxy.reveal())
    return str(Address(parts.hostname or "", parts.port or _PORTS[parts.scheme]))


def read_environment(environ: Mapping[str, str], report: Report) -> Proxies:
    """Read the proxies of the environment; a variable that holds no URL of a proxy is a fault in the report."""

    def proxy(name: str) -> Secret | None:
        variable = name.lower() if environ.get(name.lower()) else name
        text = _with_scheme(environ.get(variable, "").strip())
        if text and not _is_proxy(text):
            report.add_variable(variable, _NO_PROXY, f"{_EXPECTED}; or unset it for the gateway")
            return None
        return Secret(text) if text else None

    exempt = environ.get("no_proxy") or environ.get("NO_PROXY", "")
    return Proxies(proxy("HTTPS_PROXY"), proxy("HTTP_PROXY"), tuple(exempt.replace(",", " ").split()))


def settle_choice(
    reader: TableReader, table: type[Struct], raw: Mapping[str, Any], values: dict[str, Any], place: Place
) -> None:
    """Check the key `proxy` among the values of a table, and put it into the form that `Proxies.to` takes."""
    if "proxy" not in values:
        return
    written = spelling(table, "proxy", raw) or "proxy"
    text = values["proxy"].reveal().strip()
    if text == DIRECT:
        values["proxy"] = Secret("")
    elif _is_proxy(_with_scheme(text)):
        values["proxy"] = Secret(_with_scheme(text))
    else:
        reader.fault((*place, "proxy"), _NO_PROXY, f'{_EXPECTED}; or "none"', written)
    if "@" not in text:
        reader.is_no_secret((*place, written))


def _with_scheme(text: str) -> str:
    return f"http://{text}" if text and "://" not in text else text


def _is_proxy(text: str) -> bool:
    parts = http_url(text)
    return parts is not None and parts.path in ("", "/") and not parts.query and not parts.fragment


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def _is_local(host: str) -> bool:
    return is_loopback(host) or host.endswith(".localhost")


def _covers(entry: str, target: SplitResult) -> bool:
    """Whether an entry of NO_PROXY covers a URL: a name with all below it, an address, a network (CIDR), or `*`.

    A name or address may have a port, and then covers that port alone.
    """
    host = (target.hostname or "").rstrip(".")
    if entry == "*":
        return True
    address = _address(host)
    if "/" in entry:
        try:
            return address is not None and address in ip_network(entry, strict=False)
        except ValueError:
            return False
    name = entry
    if match := _ENTRY.fullmatch(entry):
        name = match[1]
        if int(match[2]) != (target.port or _PORTS.get(target.scheme)):
            return False
    if address is not None:
        return address == _address(name)
    name = name.lower().removeprefix("*").strip(".")
    return host == name or host.endswith(f".{name}")
