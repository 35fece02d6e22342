"""What senders share: words as secrets are written, and as keys."""

import pytest

from gateway.verify.publickey import read_key
from gateway.verify.sender import Sender, public_secrets, refuse_public, written_key
from gateway.verify.signature import key_of
from gateway.verify.verify import parse_scheme
from tests.verify import pki


@pytest.mark.parametrize("how", ["utf8", "hex", "base64", "whsec"])
def test_the_word_of_examples_is_a_key(how):
    """However a scheme has it written, it is the same."""
    assert key_of(parse_scheme({"hmac": "sha256", "header": "X", "key": how}), written_key(how)) == b"s3cret"


def test_a_public_key_follows_from_a_word_unless_it_is_one():
    """With a secret beside the signature, the word is on the route as well."""
    (own,) = public_secrets("ecdsa", "a word", also=False)
    assert public_secrets("ecdsa", "a word", also=True) == (own, "a word")
    assert read_key(own) != read_key(public_secrets("ecdsa", "another", also=False)[0])
    key = pki.pem(pki.ec_key())
    assert public_secrets("ecdsa", key, also=True) == (key,)
    refuse_public("a word")
    with pytest.raises(ValueError, match="a public key, which signs nothing: write a word"):
        refuse_public(key)


def test_a_sender_is_nothing_in_itself():
    """It has the secret that it is given, and no scheme to prove itself by."""
    assert (Sender(None).secrets("w"), Sender(None).example()) == (("w",), "s3cret")
