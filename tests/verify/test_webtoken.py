"""What follows from a scheme of tokens; the tokens themselves are in test_jws."""

from gateway.verify.carried import HeaderSecret, PathSecret
from gateway.verify.schemes import parse_scheme


def test_who_has_the_key_and_what_is_sent():
    """A token is a credential of whoever reads it; the key is a secret, a public key, or fetched."""
    scheme = parse_scheme({"jwt": "HS256", "header": "Authorization", "prefix": "JWT ", "also": {"path": True}})
    assert scheme.sent == (HeaderSecret("authorization", "JWT "), PathSecret())
    assert (scheme.has_secret_key, scheme.is_keyed_by_route) == (True, False)
    keyed = parse_scheme({"jwt": "RS256", "json": "token"})
    assert (keyed.sent, keyed.has_secret_key, keyed.is_keyed_by_route) == ((), False, True)
