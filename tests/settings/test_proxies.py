"""Which proxy stands on the way to a server: by the environment, and by the settings."""

import pytest

from gateway.secret import Secret
from gateway.settings.proxies import Proxies, shown
from tests.settings.reading import faults_of, parse

HOOK = 'hook = "https://chat.example.com/hooks/k3yk3yk3yk3yk3yk3yk3yk3yk3"\n'
OPS = f"[destinations.ops]\n{HOOK}"


def by_environment(url: str, **environ: str) -> str | None:
    """The proxy to a URL in an environment."""
    found = parse("", environ).proxies.to(url)
    return found.reveal() if found else None


@pytest.mark.parametrize(
    ("environ", "https", "http"),
    [
        ({}, None, None),
        ({"HTTPS_PROXY": "http://a:3128"}, "http://a:3128", None),
        ({"https_proxy": "http://a:3128"}, "http://a:3128", None),
        ({"HTTP_PROXY": "http://a:3128"}, None, "http://a:3128"),
        ({"http_proxy": "http://a:3128", "HTTP_PROXY": "http://b:3128"}, None, "http://a:3128"),
        ({"https_proxy": "", "HTTPS_PROXY": "https://b"}, "https://b", None),
        ({"HTTPS_PROXY": "a:3128"}, "http://a:3128", None),
        ({"HTTPS_PROXY": " http://u:p@a:3128/ "}, "http://u:p@a:3128/", None),
        ({"HTTPS_PROXY": "http://[::1]:3128"}, "http://[::1]:3128", None),
        ({"ALL_PROXY": "http://a:3128", "FTP_PROXY": "http://a:3128"}, None, None),
    ],
)
def test_each_scheme_has_its_variable(environ, https, http):
    """In lower case first; without a scheme a proxy speaks HTTP."""
    assert by_environment("https://chat.example.com/hooks/x", **environ) == https
    assert by_environment("http://chat.example.com", **environ) == http


@pytest.mark.parametrize(
    ("entry", "url", "covered"),
    [
        ("chat.example.com", "https://chat.example.com/x", True),
        ("Chat.Example.COM", "https://chat.example.com", True),
        ("example.com", "https://chat.example.com", True),
        (".example.com", "https://chat.example.com", True),
        ("*.example.com", "https://chat.example.com", True),
        (".example.com", "https://example.com", True),
        ("ample.com", "https://chat.example.com", False),
        ("chat.example.com.org", "https://chat.example.com", False),
        ("*", "https://chat.example.com", True),
        ("a, b chat.example.com", "https://chat.example.com", True),
        ("chat.example.com:443", "https://chat.example.com", True),
        ("chat.example.com:8443", "https://chat.example.com", False),
        ("chat.example.com:8443", "https://chat.example.com:8443", True),
        ("example.com:80", "http://chat.example.com", True),
        ("chat.example.com", "https://chat.example.com.:443", True),
        ("10.0.0.0/8", "http://10.1.2.3:8065", True),
        ("10.0.0.0/8", "http://11.1.2.3:8065", False),
        ("10.0.0.0/8", "https://chat.example.com", False),
        ("10.0.0.0/99", "http://10.1.2.3:8065", False),
        ("fd00::/8", "http://[fd12::1]:8065", True),
        ("fd12::1", "http://[FD12:0::1]:8065", True),
        ("[fd12::1]:8065", "http://[fd12::1]:8065", True),
        ("[fd12::1]:80", "http://[fd12::1]:8065", False),
        ("10.1.2.3", "http://10.1.2.3", True),
        ("1.2.3", "http://10.1.2.3", False),
        ("1.2.3.4", "http://10.1.2.3.4.example.com", False),
        (",,  ,", "https://chat.example.com", False),
        ("/", "http://10.1.2.3", False),
        (":", "http://10.1.2.3", False),
    ],
)
def test_no_proxy_covers_names_addresses_networks_and_ports(entry, url, covered):
    """As programs commonly read it, networks included."""
    found = by_environment(url, HTTPS_PROXY="http://a:1", HTTP_PROXY="http://a:1", NO_PROXY=entry)
    assert (found is None) is covered


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8065", "127.9.9.9", "[::1]:8065", "chat.localhost"])
def test_this_machine_is_reached_without(host):
    """A proxy elsewhere would reach itself; one that the settings name is taken at its word."""
    assert by_environment(f"http://{host}", HTTP_PROXY="http://a:1") is None
    assert Proxies().to(f"http://{host}", Secret("http://a:1")) == Secret("http://a:1")


@pytest.mark.parametrize(
    ("environ", "table", "proxy"),
    [
        ({"HTTPS_PROXY": "http://a:1"}, "", "http://a:1"),
        ({"HTTPS_PROXY": "http://a:1"}, 'proxy = "none"', None),
        ({"HTTPS_PROXY": "http://a:1", "NO_PROXY": "*"}, 'proxy = "http://b:2"', "http://b:2"),
        ({}, 'proxy = "b:2"', "http://b:2"),
        ({"OURS": "http://u:p@b:2"}, 'proxy_env = "OURS"', "http://u:p@b:2"),
        ({"MATTERGATE_DELIVERY_PROXY": "http://c:3"}, "", "http://c:3"),
        ({"MATTERGATE_DELIVERY_PROXY": "http://c:3"}, 'proxy = "none"', None),
    ],
)
def test_a_destination_says_otherwise(environ, table, proxy):
    """Its own key counts, then that of [delivery], then the environment."""
    known = parse(f"{OPS}{table}\n", environ)
    found = known.proxies.to("https://chat.example.com", known.destinations["ops"].proxy)
    assert (found.reveal() if found else None) == proxy


@pytest.mark.parametrize(
    "value",
    ["socks5://a:1", "http:///", "http://a:1/path", "http://a:1?x", "http://a b:1", "http://a:99999", "ftp://a"],
)
def test_what_is_no_proxy_is_told(value):
    """By its place, with the remedy, and without the value: that may hold a password."""
    secret = f"{value}#p4ssw0rd" if value.startswith("http://a:1") else value
    for told in (
        faults_of(f'{OPS}proxy = "{secret}"\n'),
        faults_of(f'[delivery]\nproxy = "{secret}"\n'),
        faults_of("", {"HTTPS_PROXY": secret}),
        faults_of("", {"http_proxy": secret}),
        faults_of("", {"MATTERGATE_DELIVERY_PROXY": secret}),
    ):
        [fault] = told
        assert "is not the URL of an HTTP proxy" in fault
        assert "http://HOST:PORT" in fault
        assert secret not in fault
    assert "environment: HTTPS_PROXY" in faults_of("", {"HTTPS_PROXY": secret})[0]


def test_only_a_proxy_with_credentials_is_a_secret_in_a_file():
    """A settings file that everybody may read is told of those alone."""
    for value, warnings in (("none", 0), ("http://b:2", 0), ("http://u:p@b:2", 1)):
        text = f'[destinations.ops]\nhook_env = "H"\nproxy = "{value}"\n'
        known = parse(text, {"H": "https://chat.example.com/hooks/k3yk3y"}, mode=0o644)
        assert len(known.warnings) == warnings


def test_what_is_shown_of_a_proxy():
    """Host and port, never what stands before them."""
    assert shown(Secret("http://u:p4ss@proxy.example.com:3128/")) == "proxy.example.com:3128"
    assert shown(Secret("https://proxy.example.com")) == "proxy.example.com:443"
    assert shown(Secret("http://[::1]:3128")) == "[::1]:3128"
