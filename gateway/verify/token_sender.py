"""The sender that makes a JSON Web Token, with the claims that its scheme asks for."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

from gateway.decode.content import Content
from gateway.jsonpath import written
from gateway.model import JSON, Request
from gateway.verify.carried_sender import carrier
from gateway.verify.placing import put, with_text
from gateway.verify.sender import KeyedSender, public_secrets, refuse_public
from gateway.verify.signature import texts_at
from gateway.verify.signature_sender import digest_of, with_url
from gateway.verify.webtoken import Expected, WebToken

_VALID: Final = 300
"""Seconds after which a token expires."""

_KINDS: Final = {"R": "rsa", "P": "rsa", "E": "ecdsa"}
"""The kind of key by the first letter of an algorithm, but for EdDSA."""


class WebTokenSender(KeyedSender[WebToken]):
    """With the secret of the route (HS256), or a key of a pair that follows from the word (RS256, ES256, EdDSA)."""

    kind = "jwt"

    def names(self) -> AbstractSet[str]:
        """Its kind, or the place of the token."""
        place = self.scheme.source
        return {self.kind, (place.name or written(place.path)).lower()}

    def hinted(self, content: Content) -> bool:
        """Whether the place of the token has a text."""
        return bool(texts_at(self.scheme.source, content))

    def sent(self, content: Content) -> float | None:
        """When a token that is there was issued."""
        from gateway.verify import jws

        token = jws.token_of(self.scheme, content)
        issued = None if token is None else token.claims.get("iat")
        return float(issued) if isinstance(issued, int | float) and not isinstance(issued, bool) else None

    def public_secrets(self, word: str) -> Sequence[str]:
        """See `KeyedSender`."""
        scheme = self.scheme
        expected = (scheme.audience, scheme.issuer, *(one for _, one in scheme.claims))
        also = bool(scheme.also) or any(one is not None and one.secret for one in expected)
        return public_secrets(kind_of(scheme), word, also=also)

    def prove(self, content: Content, word: str, moment: float) -> Request:
        """The request with a token that is issued now; one that has a token stays as it is."""
        scheme = self.scheme
        for also in scheme.also[:1]:
            content = Content(carrier(also).prove(content, word, moment))
        if self.hinted(content):
            return content.request
        if scheme.fetch is not None:
            content = Content(with_url(scheme.fetch, content))
        from gateway.verify import jws

        kid = kind_of(scheme) if scheme.fetch is not None else ""
        token = jws.made(self._claims(content, word, moment), self._key(word), scheme.algorithms[0], kid)
        return with_text(content.request, scheme.source, scheme.prefix + token)

    def _claims(self, content: Content, word: str, moment: float) -> JSON:
        """What the scheme asks for, each with the first value that it may have."""
        scheme = self.scheme
        claims: dict[str, Any] = {"iat": int(moment)}
        if scheme.expires:
            claims["exp"] = int(moment) + _VALID
        asked = [(("iss",), scheme.issuer), (("aud",), scheme.audience), *scheme.claims]
        values = [(path, _value(one, content, word)) for path, one in asked if one is not None]
        if scheme.stated is not None:
            values.append((scheme.stated.claim, digest_of(scheme.stated, content)))
        for path, value in values:
            if not put(claims, path, value):
                raise ValueError(f"a token has no place for the claim {written(path)}")
        return claims

    def _key(self, word: str) -> Any:
        from gateway.verify import jws, keypair

        if self.scheme.has_secret_key:
            return jws.secret_key(self.scheme, word)
        refuse_public(word)
        return keypair.private(kind_of(self.scheme), word)


def kind_of(scheme: WebToken) -> str:
    """The kind of key pair of a scheme with public keys: rsa, ecdsa or ed25519."""
    name = scheme.algorithms[0]
    return "ed25519" if name == "EdDSA" else _KINDS[name[0]]


def _value(expected: Expected, content: Content, word: str) -> JSON:
    if expected.secret:
        return word
    return content.request.url if expected.url else expected.values[0]
