"""[destinations.NAME]: an incoming webhook or a channel over REST, and each way in which the two do not go together."""

import pytest

from gateway import settings
from gateway.errors import SettingsError
from gateway.secret import Secret
from tests.settings.reading import faults_of, parse

HOOK = "https://chat.example.com/hooks/k3yk3yk3yk3yk3yk3yk3yk3yk3"
REST = 'server = "https://chat.example.com"\nteam = "acme"\nchannel = "ops"\ntoken = "t0k3n-in-line"\n'


@pytest.mark.parametrize(
    ("url", "right"),
    [
        ("https://chat.example.com/hooks/abc123", True),
        ("http://127.0.0.1:8065/hooks/abc123", True),
        ("https://example.com/chat/hooks/abc123", True),
        ("https://[::1]:8065/hooks/abc123", True),
        ("https://chat.example.com/hooks/", False),
        ("https://chat.example.com/hooks/abc123/", False),
        ("https://chat.example.com/hooks/abc123?x=1", False),
        ("https://user:password@chat.example.com/hooks/abc123", False),
        ("https://chat.example.com:port/hooks/abc123", False),
        ("https:///hooks/abc123", False),
        ("/hooks/abc123", False),
        ("https://chat.example.com/hooks/abc 123", False),
    ],
)
def test_a_hook_is_an_absolute_url_that_ends_in_an_id(url: str, right: bool) -> None:
    """Servers under a subpath are fine (contract 1.1); anything behind the id is not."""
    if right:
        assert parse("[destinations.ops]\nhook_env = 'HOOK'\n", {"HOOK": url}).destinations["ops"].hook == Secret(url)
    else:
        assert "is not the URL of an incoming webhook" in faults_of(f"[destinations.ops]\nhook = '{url}'\n")[0]


def without(key: str) -> str:
    """A destination over REST that lacks a key."""
    return "".join(line + "\n" for line in REST.splitlines() if not line.startswith(key))


@pytest.mark.parametrize(
    ("lines", "where", "problem"),
    [
        ("", "ops", "neither hook nor server is given"),
        ('channel = "ops"', "ops", "neither hook nor server is given"),
        (f'hook = "{HOOK}"\nserver = "https://chat.example.com"', "server", "belongs to a channel over REST"),
        (f'hook = "{HOOK}"\ntoken_file = "t"', "token_file", "belongs to a channel over REST"),
        (f'hook = "{HOOK}"\nlogin = "ann"\npassword_env = "HOOK"', "login", "belongs to a channel over REST"),
        (without("server"), "ops", "server is missing"),
        (without("channel"), "ops", "channel is missing"),
        (without("team"), "ops", "team is missing for a channel that is named"),
        (without("token"), "ops", "no account is given"),
        (REST + 'login = "ann"', "login", "token and login are given together"),
        (REST + 'password_env = "HOOK"', "password_env", "token and password_env are given together"),
        (without("token") + 'login = "ann"', "login", "login has no password"),
        (without("token") + 'password = "p4ssw0rd"', "password", "password has no login"),
        (REST.replace(".com", ".com/api/v4"), "server", "is not the address of the server alone"),
        (REST.replace(".com", ".com/hooks/abc"), "server", "is not the address of the server alone"),
        (REST + "concurrency = 0", "concurrency", ""),
        (REST + 'timeout = "0s"', "timeout", ""),
        (REST + "rate = -1", "rate", ""),
        (REST + 'max_age = "soon"', "max_age", ""),
        (REST + "chanel = 1", "chanel", 'did you mean "channel"'),
    ],
)
def test_what_does_not_go_together_is_told(lines: str, where: str, problem: str) -> None:
    """Each fault has the line of its key, or of the table where one is missing, and repeats no secret."""
    told = faults_of(f"[destinations.ops]\n{lines}\n", {"HOOK": HOOK})
    [fault] = [one for one in told if problem in one][:1]
    assert where in fault.partition(" (")[0]
    assert fault.startswith("conf/mattergate.toml:")
    for secret in (HOOK, "t0k3n", "p4ssw0rd", "k3yk3y"):
        assert secret not in "".join(told)


@pytest.mark.parametrize("channel", ["@ann", "4xp9fdt77pncbef59f4k1qe83o"])
def test_users_and_ids_need_no_team(channel: str) -> None:
    """A direct message and an id are the same in every team; what is nearly an id is a name."""
    lines = without("team").replace('"ops"', f'"{channel}"')
    assert parse(f"[destinations.ops]\n{lines}").destinations["ops"].channel == channel
    assert "team is missing" in faults_of("[destinations.ops]\n" + lines.replace(channel, channel[1:]))[0]


def test_a_hook_may_name_a_channel() -> None:
    """For a hook that is not locked to one; it stays a hook."""
    found = parse('[destinations.ops]\nhook_env = "HOOK"\nchannel = "town-square"\n', {"HOOK": HOOK})
    ops = found.destinations["ops"]
    assert (ops.rest, ops.hook, ops.channel, ops.concurrency) == (False, Secret(HOOK), "town-square", 8)


def test_certificates_are_read_when_the_settings_are() -> None:
    """A path relative to the settings, and a fault at start when nothing can be read there."""
    ops = f"[destinations.ops]\n{REST}ca_file = 'ca.pem'\n"
    assert parse(ops).destinations["ops"].ca_file == "conf/ca.pem"

    def missing(path):
        raise FileNotFoundError(2, "No such file or directory", str(path))

    with pytest.raises(SettingsError, match=r"ca_file.*No such file or directory"):
        settings.parse(ops, "conf/mattergate.toml", {}, missing)
