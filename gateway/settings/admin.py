"""[admin]: who may read the admin listener and its console, and who may make changes there."""

import ipaddress
import math
from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from gateway.secret import Secret
from gateway.settings.keys import BASE_URL, Address, Kind, doc, is_http_url, spelling
from gateway.settings.reader import TableReader

SHORTEST: Final = 16
"""The least number of characters of a token: shorter ones can be guessed."""

LEAST_BITS: Final = 48
"""The least entropy of a token, estimated by its length and the number of its different characters."""

_MAKE_ONE: Final = "make one with: openssl rand -hex 24"


def _read_host(text: str) -> str:
    host = text.strip("[]").lower()
    if not host or not is_http_url(f"http://{f'[{host}]' if ':' in host else host}/") or "/" in host:
        raise ValueError(f'expected a name such as "gateway.example.com", without scheme and port, got {text[:80]!r}')
    return host


HOST: Final = Kind("a host name", _read_host)


class Admin(Struct, frozen=True, kw_only=True):
    """[admin]: without a token the admin listener must be on loopback, and everyone who reaches it has full access."""

    token: Annotated[Secret | None, doc("Signs in to the console and its API; needed unless `admin` is loopback.")] = (
        None
    )
    read_token: Annotated[Secret | None, doc("Signs in to look and to try requests, but not to change anything.")] = (
        None
    )
    public_url: Annotated[
        str, doc("The URL by which people reach the console through a proxy; then a token is needed.", BASE_URL)
    ] = ""
    open_metrics: Annotated[bool, doc("Whether /metrics and the whole of /readyz are shown without a token.")] = False
    hosts: Annotated[
        tuple[str, ...],
        doc(
            "Names besides localhost, IP addresses and that of public_url by which /metrics and /readyz may be asked.",
            HOST,
        ),
    ] = ()

    def answers_to(self, host: str) -> bool:
        """Whether a program that asks without a token may call the listener by this name (without port).

        A page of another web site can have its own name bent to this machine and read what it asks for (DNS rebinding);
        its browser then sends that name. An address is nobody's name.
        """
        host = host.lower()
        return is_address(host) or host in ("localhost", *self.hosts, urlsplit(self.public_url).hostname)

    @property
    def guarded(self) -> bool:
        """Whether access needs a token."""
        return self.token is not None or self.read_token is not None


def is_address(host: str) -> bool:
    """Whether a host is written as an IP address, without brackets."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a listener on this host: a loopback address, or `localhost`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _weakness(token: str) -> str:
    """Why a token can be guessed; "" when it cannot. `console.web.auth.Guesses` says what a guess costs."""
    if len(token) < SHORTEST:
        return f"is shorter than {SHORTEST} characters"
    if len(token) * math.log2(len(set(token))) < LEAST_BITS:
        return "repeats few characters"
    return ""


def read_admin(reader: TableReader, raw: Mapping[str, Any], listener: Address) -> Admin:
    """Read [admin]; faults of tokens and of the listener go into the report."""
    admin = Admin(**reader.values(Admin, raw, ("admin",)))
    for name in ("token", "read_token"):
        token: Secret | None = getattr(admin, name)
        if token is not None and (weakness := _weakness(token.reveal())):
            reader.fault(("admin", name), f"{weakness} and can be guessed", _MAKE_ONE, spelling(Admin, name, raw))
    if admin.token is not None and admin.token == admin.read_token:
        of_file = spelling(Admin, "read_token", raw)
        reader.fault(("admin", "read_token"), "is the same as token", f"take another; {_MAKE_ONE}", of_file)
    if not admin.guarded:
        remedy = 'under [admin] set token_env = "NAME", token_file or token, or set the variable MATTERGATE_ADMIN_TOKEN'
        if not is_loopback(listener.host):
            problem = f"{listener} is not loopback: whoever reaches it could read and replay everything"
            reader.fault(("server", "admin"), problem, remedy)
        elif admin.public_url:
            reader.fault(("admin", "public_url"), "opens the console to others, and no token protects it", remedy)
    return admin
