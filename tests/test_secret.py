"""Secret: it prints as a mask, compares in constant time, and is masked wherever its text shows up."""

import gc
import json
import pickle

import msgspec
import pytest

from gateway.secret import MASK, Secret, redact

HOOK_ID = "k3yk3yk3yk3yk3yk3yk3yk3yk3"


def test_a_secret_prints_as_a_mask() -> None:
    """Repr, str, formats and containers never show the text; reveal does."""
    secret = Secret("tulip-garden")
    assert {repr(secret), str(secret), f"{secret:>40}", f"{secret!r}", "%s" % secret} == {MASK}  # noqa: UP031
    assert repr([secret]) == f"[{MASK}]"
    assert secret.reveal() == "tulip-garden"


def test_equality_is_by_text() -> None:
    """Two of one text are equal and hash alike; a plain text never equals a secret."""
    assert Secret("tulip-é\ud800") == Secret("tulip-é\ud800")
    assert len({Secret("tulip"), Secret("tulip"), Secret("rose")}) == 2
    assert Secret("tulip") != Secret("rose")
    assert Secret("tulip") != "tulip"


def test_only_an_empty_secret_is_false() -> None:
    """A secret is true as its text is."""
    assert Secret("x")
    assert not Secret("")


def test_a_secret_is_not_written_by_accident() -> None:
    """JSON encoders and pickle refuse it."""
    for write in (json.dumps, msgspec.json.encode, pickle.dumps):
        with pytest.raises(TypeError):
            write(Secret("tulip-garden"))


def test_redact_masks_living_secrets() -> None:
    """The text of a secret is masked while somebody holds it, also when an equal one is gone."""
    first, second = Secret("tulip-garden"), Secret("tulip-garden")
    del first
    gc.collect()
    assert redact("in the tulip-garden") == f"in the {MASK}"
    del second
    gc.collect()
    assert redact("in the tulip-garden") == "in the tulip-garden"


@pytest.mark.parametrize("text", ["tulip", "in the tulip-garden", "-" * 4093 + "tulip-garden", "tulip-garden " * 1000])
def test_one_secret_of_many_is_masked(text: str) -> None:
    """With many secrets, those are looked for whose start is in the text, wherever that is."""
    many = [Secret(f"{number:04}-garden") for number in range(1000)]
    one = Secret("tulip-garden")
    assert redact(text) == text.replace(one.reveal(), MASK)
    assert redact(f"{text} {many[500].reveal()}").endswith(f" {MASK}")
    many.append(Secret("late"))
    assert redact(text + "late").endswith(MASK)


def test_redact_leaves_words_alone_that_equal_a_very_short_secret() -> None:
    """A secret of three letters would eat every log line."""
    secret = Secret("the")
    assert secret
    assert redact("in the garden") == "in the garden"


def test_the_id_of_a_hook_is_masked_by_itself() -> None:
    """Mattermost repeats the id of a hook in its error messages, without the URL."""
    hook = Secret(f"https://chat.example.com/hooks/{HOOK_ID}")
    assert hook
    assert redact(f"no webhook {HOOK_ID}") == f"no webhook {MASK}"


def test_overlapping_secrets_leave_nothing_over() -> None:
    """Where one secret begins with, contains or runs into another, the whole stretch is masked once."""
    secrets = [Secret("tulip"), Secret("tulip-garden"), Secret("garden-gate"), Secret("https://a.example/hooks/")]
    assert all(secrets)
    assert redact("(tulip-garden-gate) tulip") == f"({MASK}) {MASK}"
    assert redact("https://a.example/hooks/abc123") == MASK
    del secrets
    gc.collect()


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("POST /hooks/abcdefghijklmnopqrstuvwxyz", f"POST /hooks/{MASK}"),
        ("https://a.example/sub/hooks/abc123/github?x=1", f"https://a.example/sub/hooks/{MASK}/github?x=1"),
        ("u=https%3A%2F%2Fa.example%2Fhooks%2Fabc123&v=1", f"u=https%3A%2F%2Fa.example%2Fhooks%2F{MASK}&v=1"),
        ("/hooks/commands/abc123", f"/hooks/commands/{MASK}"),
        ("the hooks of /hooks/", "the hooks of /hooks/"),
    ],
)
def test_whatever_looks_like_a_hook_url_is_masked(text: str, masked: str) -> None:
    """Plain, under a subpath, percent-encoded, and the response URLs of slash commands."""
    assert redact(text) == masked
