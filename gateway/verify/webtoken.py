"""JSON Web Tokens (RFC 7519) as a scheme: where a token is, and what it must say. `gateway.verify.jws` checks it."""

from functools import cached_property
from typing import Final

from msgspec import Struct

from gateway.jsonpath import Step
from gateway.model import JSON
from gateway.verify.carried import Carried, HeaderSecret
from gateway.verify.keys import Fetch
from gateway.verify.material import Source
from gateway.verify.message import Stated

WITH_SECRET: Final = ("HS256", "HS384", "HS512")
WITH_PUBLIC_KEY: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "EdDSA")


class Expected(Struct, frozen=True):
    """What a claim must be: one of `values`, a secret of the route (`secret`), or the URL of the request (`url`)."""

    values: tuple[JSON, ...] = ()
    secret: bool = False
    url: bool = False


class WebToken(Struct, frozen=True, kw_only=True, dict=True):
    """A scheme of tokens at `source`, behind `prefix`. `key` says how the secret is written, for HS algorithms.

    A public key is one of `public_keys`, or of what `fetch` describes, or the secret of the route (`marked` as in
    `Signature`). With `expires` a token without `exp` proves nothing. `leeway` is in seconds. `claims` are paths in the
    token with what must be there; `stated` is the claim with the digest of the body; `also` as in `Signature`.
    """

    source: Source
    algorithms: tuple[str, ...]
    prefix: str = ""
    key: str = "utf8"
    audience: Expected | None = None
    issuer: Expected | None = None
    claims: tuple[tuple[tuple[Step, ...], Expected], ...] = ()
    expires: bool = True
    leeway: float = 60.0
    stated: Stated | None = None
    also: tuple[Carried, ...] = ()
    public_keys: tuple[str, ...] = ()
    fetch: Fetch | None = None
    marked: bool = False

    @cached_property
    def has_secret_key(self) -> bool:
        """Whether who can verify a token could also make it."""
        return self.algorithms[0] in WITH_SECRET

    @cached_property
    def is_keyed_by_route(self) -> bool:
        """Whether the secret of the route is the public key."""
        return not (self.has_secret_key or self.public_keys or self.fetch is not None)

    @cached_property
    def sent(self) -> tuple[Carried, ...]:
        """The places where the request carries a credential: the token itself may be sent again by whoever reads it."""
        own = (HeaderSecret(self.source.name, self.prefix),) if self.source.kind == "header" else ()
        return (*own, *self.also)
