"""Credentials are known by the last word of their names, and by their look; what only sounds like one is shown."""

from typing import Any

import pytest

from gateway.language.functions.credentials import (
    hidden_keys,
    hide,
    is_credential,
    names_credential,
    without_named,
    words_of,
)
from tests.cost import seconds_of


@pytest.mark.parametrize(
    "key",
    [
        "token", "accessToken", "API-Key", "client_secret", "db.password", "Set-Cookie", "privateKey", "otp", "apikeys",
        "X-Hub-Signature-256", "password_hash", "token_value", "new_password", "signatureV2", "AUTH_TOKEN", "DB_PASS",
        "DBPassword", "hmac", "mfaCode", "wifi_psk", "cvv", "otp_code", "code_verifier", "sessionId",
    ],
)  # fmt: skip
def test_names_of_credentials(key: str) -> None:
    """A key that names a credential is known in every spelling, and with a word behind that only says which one."""
    assert names_credential(key)
    assert is_credential(key, "x")
    assert is_credential(key, 7)


@pytest.mark.parametrize(
    "key",
    [
        "tokenizer", "token_count", "secretary", "signature_request", "api_key_id", "secret_name", "keys", "key",
        "token_type", "tests_pass", "boarding_pass", "password_changed_at", "credential_kind", "value", "test", "",
    ],
)  # fmt: skip
def test_names_of_other_things(key: str) -> None:
    """The last word says what a key names: a request, a count or an id is no credential."""
    assert not names_credential(key)


@pytest.mark.parametrize("value", [None, True, {"a": 1}, ["a"]])
def test_only_scalars_are_credentials(value: Any) -> None:
    """Of an object the leaves are, so that nothing is hidden because of its name alone."""
    assert not is_credential("token", value)


@pytest.mark.parametrize(
    ("key", "credential"),
    [("value", True), ("id", True), ("DATABASE", True), ("signer_name", False), ("status_code", False), ("at", False)],
)
def test_leaves_of_objects_that_are_named_like_credentials(key: str, *, credential: bool) -> None:
    """Inside of `signatures` or `secrets` only what says who, when and in which state is shown."""
    assert is_credential(key, "x", inside=True) is credential


@pytest.mark.parametrize(
    ("pair", "keys"),
    [
        ({"name": "DB_PASSWORD", "value": "x"}, ["value"]),
        ({"Key": "authToken", "Value": "x"}, ["Value"]),
        ({"variable": "DB_PASSWORD", "value": "x", "default": "y"}, ["value", "default"]),
        ({"header": "X-Api-Key", "values": ["x"]}, ["values"]),
        ({"name": "REGION", "value": "x"}, []),
        ({"name": "token"}, []),
    ],
)
def test_pairs_whose_name_is_one_of_a_credential(pair: Any, keys: list[str]) -> None:
    """Variables and headers come as pairs of a name and a value."""
    assert list(hidden_keys(pair)) == keys


@pytest.mark.parametrize(
    ("items", "row", "shown"),
    [
        (["Authorization", "x"], True, ["Authorization", "***"]),
        (["token", "x"], False, ["token", "x"]),
        (["run", "--api-key", "x", "y"], False, ["run", "--api-key", "***", "y"]),
        (["--token=x", "y"], False, ["--token=x", "y"]),
        (["password", 7, "x"], True, ["password", 7, "x"]),
    ],
)
def test_names_that_stand_before_a_credential(items: Any, *, row: bool, shown: Any) -> None:
    """A header in an array of them is a row of two; an option of a command has its value behind it."""
    assert without_named(items, row=row) == shown


@pytest.mark.parametrize("key", ["tokens", "input_tokens", "cookies"])
def test_numbers_of_tokens_are_no_credentials(key: str) -> None:
    """A number under a plural counts; a text is one of them."""
    assert not is_credential(key, 100)
    assert is_credential(key, "x")


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("get https://x.example/?token=abc&a=1", "get https://x.example/?token=***&a=1"),
        ("postgres://ada:pw@db/x", "postgres://ada:***@db/x"),
        ("Authorization: Bearer abcdefghij", "Authorization: Bearer ***"),
        ("key glpat-abcdefghijklmno", "key ***"),
        ("-----BEGIN RSA PRIVATE KEY-----\nabc", "***"),
        (f"https://x.example/hooks/{'h' * 26} is it", "https://x.example/hooks/*** is it"),
        ("https://x.example/hooks/list", "https://x.example/hooks/list"),
        ("the token of the day", "the token of the day"),
        ("accessToken=abc PGPASSWORD=abc", "accessToken=*** PGPASSWORD=***"),
        ("aws_secret_access_key = abc", "aws_secret_access_key = ***"),
        ("password:     abc\n**Token:** abc", "password:     ***\n**Token:** ***"),
        ('{"password": "a b, c", "n": 1}', '{"password": "***", "n": 1}'),
        (r"{\"password\": \"abc\"}", r'{\"password\": \"***"}'),
        ("Authorization: token abcdefgh", "Authorization: token ***"),
        ("X-Hub-Signature-256: sha256=abc", "X-Hub-Signature-256: sha256=***"),
        ("Cookie: session=abc; b=c", "Cookie: ***"),
        ("https://x.example/?key=abc", "https://x.example/?key=***"),
        ("https://abcdefghijklmnopqrst@x.example/", "https://***@x.example/"),
        ("https://hooks.slack.com/services/T0/B0/abcdef", "https://hooks.slack.com/services/***"),
        ("https://chat.example/hooks/abcdefghijklmnopqrstuvwxyz", "https://chat.example/hooks/***"),
        ("İstanbul TOKEN=abc", "İstanbul TOKEN=***"),
        ("a basic understanding", "a basic understanding"),
        ("task-force-meeting-today", "task-force-meeting-today"),
        ("https://git@x.example:8080/a@b", "https://git@x.example:8080/a@b"),
    ],
)
def test_looks_of_credentials(text: str, hidden: str) -> None:
    """Credentials inside texts are known by what stands before them or by their own look."""
    assert hide(text) == hidden


@pytest.mark.parametrize(
    "text",
    ["eyJ" * 2000, "bearer " * 800, "token: '" * 700, "://" * 1700, "cookie: a" * 600, "-----BEGIN private " * 300],
)
def test_hostile_texts_take_little_time(text: str) -> None:
    """About 0.1 us a character, whatever they repeat."""
    assert seconds_of(lambda: hide(text)) < 0.01


def test_keys_in_words() -> None:
    """Spellings of one key are one; of a long key only the beginning is read."""
    assert {words_of(key) for key in ("checkName", "check-name", "Check name", "check.name")} == {"check_name"}
    assert words_of("HTTPServer") == "http_server"
    assert words_of("Größe_der Datei") == "größe_der_datei"
    assert len(words_of("aB" * 5000)) < 400
