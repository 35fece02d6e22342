"""[admin]: nobody reaches the console unasked, and a token that can be guessed is none."""

import pytest

from gateway.secret import Secret
from gateway.settings.admin import Admin, is_loopback
from tests.settings.reading import faults_of, parse


def test_a_token_may_come_from_its_own_variable() -> None:
    """The variable that overrides the key gives the token of a listener that everybody reaches, before the file's."""
    environ = {
        "MATTERGATE_SERVER_ADMIN": "0.0.0.0:9090",
        "MATTERGATE_ADMIN_TOKEN": " 4dm1n-token-of-the-environment\n",
        "MATTERGATE_ADMIN_OPEN_METRICS": "true",
    }
    found = parse('[admin]\ntoken = "4dm1n-token-of-the-file"\n', environ)
    assert found.admin == Admin(token=Secret("4dm1n-token-of-the-environment"), open_metrics=True)


@pytest.mark.parametrize("variables", [{"MATTERGATE_SERVER_ADMIN": "[::]:9090"}, {"MATTERGATE_ADMIN_TOKEN": "4dm1n"}])
def test_a_faulty_variable_of_the_console_is_named(variables: dict[str, str]) -> None:
    """The fault is told where the value comes from, and no part of a token with it."""
    [told] = faults_of("", variables)
    assert told.startswith(f"environment: {next(iter(variables))}: ")
    assert "4dm1n" not in told


@pytest.mark.parametrize("address", ["127.0.0.1:9090", "127.1.2.3:9090", "[::1]:9090", "localhost:9090"])
def test_loopback_needs_no_token(address: str) -> None:
    """Whoever sits at the machine may do everything there already."""
    assert not parse(f'[server]\nadmin = "{address}"\n').admin.guarded


@pytest.mark.parametrize("address", ["0.0.0.0:9090", "[::]:9090", "10.0.0.1:9090", "gate.example.com:9090"])
@pytest.mark.parametrize("key", ["token", "read_token"])
def test_other_listeners_need_one_of_the_tokens(address: str, key: str) -> None:
    """With the read-only token alone, nobody changes anything."""
    text = f'[server]\nadmin = "{address}"\n'
    [told] = faults_of(text)
    assert "server.admin" in told
    assert "MATTERGATE_ADMIN_TOKEN" in told
    assert parse(f'{text}[admin]\n{key} = "a token that is long enough"\n').admin.guarded


@pytest.mark.parametrize("host", ["127.0.0.1", "127.255.255.254", "::1", "0:0:0:0:0:0:0:1", "localhost", "LocalHost"])
def test_loopback_is_this_machine(host: str) -> None:
    """The whole of 127/8, ::1 in any spelling, and the name."""
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "0.0.0.0", "::", "128.0.0.1", "localhost.example.com", "127.0.0.1.example.com", "127.1", "::2", "lo"]
)
def test_anything_else_is_not(host: str) -> None:
    """What only looks like loopback, and what another machine's name server decides about."""
    assert not is_loopback(host)


@pytest.mark.parametrize("key", ["token", "read_token"])
def test_a_short_token_is_told_with_a_way_to_make_one(key: str) -> None:
    """Fifteen characters are too few, sixteen are enough, and the fault shows none of them."""
    [told] = faults_of(f'[admin]\n{key} = "123456789abcdef"\n')
    assert told == (
        f"conf/mattergate.toml:2: admin.{key}: is shorter than 16 characters and can be guessed "
        "(make one with: openssl rand -hex 24)"
    )
    assert parse(f'[admin]\n{key} = "123456789abcdef0"\n').admin.guarded


def test_to_look_and_to_change_are_two_tokens() -> None:
    """Whoever may only look must not hold the other token, wherever the two come from."""
    text = '[admin]\ntoken_env = "ONE"\nread_token_file = "t0k3n-of-sixteen"\n'
    [told] = faults_of(text, {"ONE": "of-t0k3n-of-sixteen"})
    assert told.startswith("conf/mattergate.toml:3: admin.read_token_file: ")
    assert "is the same as token" in told
    assert "t0k3n" not in told.replace('t0k3n-of-sixteen"', "")
    assert parse(text, {"ONE": "another of sixteen"}).admin.read_token == Secret("of-t0k3n-of-sixteen")


def test_a_console_for_others_asks_who_they_are() -> None:
    """Behind a proxy everybody comes from loopback: a public URL needs a token as an open listener does."""
    [told] = faults_of('[admin]\npublic_url = "https://gate.example.com"\n')
    assert "no token protects it" in told
    found = parse('[admin]\npublic_url = "https://gate.example.com"\nread_token = "a token to look with"\n').admin
    assert (found.public_url, found.guarded) == ("https://gate.example.com", True)


@pytest.mark.parametrize(
    ("token", "enough"),
    [("a" * 100, False), ("abababababababab", False), ("1234123412341234", False), ("0123456789012345", True),
     ("3f9c0de1a7b25846", True), ("correct horse battery", True)],
)  # fmt: skip
def test_a_token_of_few_characters_is_told(token: str, enough: bool) -> None:
    """Length alone does not keep anybody from guessing; no part of the token is shown."""
    text = f'[admin]\ntoken = "{token}"\n'
    if enough:
        assert parse(text).admin.guarded
        return
    [told] = faults_of(text)
    assert "admin.token: repeats few characters and can be guessed (make one with: " in told
    assert token not in told


def test_hosts_are_names_without_scheme_and_port() -> None:
    """What a browser or a scraper sends as Host, in any case; an IPv6 address with or without brackets."""
    found = parse('[admin]\nhosts = ["Gateway", "gate.example.com", "[fd00::1]"]\n').admin
    assert found.hosts == ("gateway", "gate.example.com", "fd00::1")
    for wrong in ("", "http://gateway", "gateway:9090", "a b", "a/b", "user@host"):
        [told] = faults_of(f'[admin]\nhosts = ["{wrong}"]\n')
        assert "admin.hosts" in told, wrong
        assert "without scheme and port" in told


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.9", "::1", "10.1.2.3", "fd00::1", "gateway", "GATE.example.com"]
)
def test_expected_hosts(host: str) -> None:
    """Addresses, loopback, the names that are listed, and that of the public URL."""
    admin = Admin(hosts=("gateway",), public_url="https://gate.example.com:8443/console")
    assert admin.answers_to(host)


@pytest.mark.parametrize("host", ["", "evil.example", "gateway.evil.example", "10.1.2.3.evil.example", "1.2.3"])
def test_unexpected_hosts(host: str) -> None:
    """Everything else; without a public URL, not even nothing."""
    assert not Admin(hosts=("gateway",)).answers_to(host)
