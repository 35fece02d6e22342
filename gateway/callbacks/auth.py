"""A signed token for a request, made anew for each: JSON Web Tokens (RFC 7519) with a secret, as `request.auth` says.

    auth: {jwt: HS256, secret: client_secret, claims: {appId: "{{ secrets.client_id }}", sub: "{{ user.id }}"}}

The gateway adds when the token was issued (`iat`) and when it expires (`exp`). Who has it may ask the service until
then, so it is masked like the secret that signs it.
"""

from collections.abc import Mapping
from typing import Any, Final

from gateway import units
from gateway.callbacks.body import JSONPart
from gateway.callbacks.given import Given
from gateway.language.document import Compiler, DocumentPlace
from gateway.language.template import Context
from gateway.secret import MASK

LIFETIME: Final = "5m"
"""How long a token is valid, where the document does not say it."""

_HEADER: Final = "Authorization"
_PREFIX: Final = "Bearer "
_LONGEST: Final = 86_400.0


class Token:
    """The compiled `auth` of a request; `header` is the one that carries the token, `secret` the name of its key."""

    def __init__(self, raw: Mapping[str, Any], compiler: Compiler, place: DocumentPlace) -> None:
        self.header: str = raw.get("header", _HEADER)
        self.secret: str = raw["secret"]
        self._algorithm: str = raw["jwt"]
        self._prefix: str = raw.get("prefix", _PREFIX)
        self._claims = JSONPart(raw.get("claims", {}), compiler, place / "claims")
        self._lifetime = _seconds(raw.get("lifetime", LIFETIME), place / "lifetime")

    def render(self, context: Context, given: Given, *, masked: bool) -> str:
        """The text of the header. Raises TranslationError, and ValueError, which says why there is none."""
        if masked:
            return self._prefix + MASK
        if not given.now:
            raise ValueError("nobody says what time it is, so there is no token")
        key = given.secrets.get(self.secret)
        if not key:
            raise ValueError(f"the secret {self.secret!r}, which signs its token, is missing")
        from gateway.verify import jws  # which takes a while to load

        issued = int(given.now)
        claims = {**self._claims.value(context), "iat": issued, "exp": issued + int(self._lifetime)}
        return self._prefix + jws.made(claims, key.reveal().encode("utf-8", "replace"), self._algorithm)


def _seconds(text: str, place: DocumentPlace) -> float:
    try:
        seconds = units.seconds(str(text))
    except ValueError as error:
        place.fault(str(error))
        return _LONGEST
    if not 1 <= seconds <= _LONGEST:
        place.fault(f"a token lives for a second at least, and {units.written(_LONGEST)} at most")
    return seconds
