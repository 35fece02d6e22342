"""[admin]: who may read the admin listener and its console, and who may make changes there."""

import ipaddress
from collections.abc import Mapping
from typing import Annotated, Any, Final

from msgspec import Struct

from gateway.secret import Secret
from gateway.settings.keys import BASE_URL, Address, doc, spelling
from gateway.settings.reader import TableReader

SHORTEST: Final = 16
"""The least number of characters of a token: shorter ones can be guessed."""

_MAKE_ONE: Final = "make one with: openssl rand -hex 24"


class Admin(Struct, frozen=True, kw_only=True):
    """[admin]: without a token the admin listener must be on loopback, and everyone who reaches it has full access."""

    token: Annotated[Secret | None, doc("Signs in to the console and its API; needed unless `admin` is loopback.")] = (
        None
    )
    read_token: Annotated[Secret | None, doc("Signs in to read, but not to make changes.")] = None
    public_url: Annotated[
        str, doc("The URL by which people reach the console through a proxy; then a token is needed.", BASE_URL)
    ] = ""
    open_metrics: Annotated[bool, doc("Whether /metrics and the whole of /readyz are shown without a token.")] = False

    @property
    def guarded(self) -> bool:
        """Whether access needs a token."""
        return self.token is not None or self.read_token is not None


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a listener on this host: a loopback address, or `localhost`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def read_admin(reader: TableReader, raw: Mapping[str, Any], listener: Address) -> Admin:
    """Read [admin]; faults of tokens and of the listener go into the report."""
    admin = Admin(**reader.values(Admin, raw, ("admin",)))
    for name in ("token", "read_token"):
        token: Secret | None = getattr(admin, name)
        if token is not None and len(token.reveal()) < SHORTEST:
            reader.fault(
                ("admin", name),
                f"is shorter than {SHORTEST} characters and can be guessed",
                _MAKE_ONE,
                spelling(Admin, name, raw),
            )
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
