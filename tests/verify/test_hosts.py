"""Patterns of hosts allow those of one owner, and nothing else."""

import pytest

from gateway.verify.hosts import allows, host_of, parse_host

SNS = "sns.*.amazonaws.com"


@pytest.mark.parametrize(
    "text", ["api.paypal.com", SNS, "sns.*.amazonaws.com.cn", "*.example.com", "a.*.*.example.com", "example.co.uk"]
)
def test_hosts(text):
    """A name is one; `*` may be any label but the last two."""
    assert parse_host(text.upper()) == text


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "is no host"),
        ("com", "two labels without * at its end"),
        ("*.com", "two labels without * at its end"),
        ("sns.amazonaws.*", "two labels without * at its end"),
        ("amazonaws.com/x", "without scheme, port and path"),
        ("https://a.example.com", "without scheme, port and path"),
        ("a.example.com:8443", "without scheme, port and path"),
        ("sns*.example.com", "* for one whole label"),
        ("a..example.com", "is no host"),
        (".example.com", "is no host"),
        ("10.0.0.1", "top-level domain"),
        ("*.amazonaws.com", "anybody can have a host below amazonaws.com"),
        ("*.*.amazonaws.com", "anybody can have a host below amazonaws.com"),
        ("*.co.uk", "anybody can have a host below co.uk"),
        ("co.uk", "anybody can have a host below co.uk"),
        ("sns.*.com.au", "anybody can have a host below com.au"),
        ("*.github.io", "anybody can have a host below github.io"),
    ],
)
def test_faults(text, fault):
    """What is no host, or allows those of strangers, is named with what is expected."""
    with pytest.raises(ValueError) as error:
        parse_host(text)
    assert fault in str(error.value)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://SNS.eu-west-1.amazonaws.com/a.pem", "sns.eu-west-1.amazonaws.com"),
        ("https://a.example.com:443/x?y=1", "a.example.com"),
        ("https://a.example.com", "a.example.com"),
        ("http://a.example.com/", ""),
        ("https://a.example.com:8443/", ""),
        ("https://user@a.example.com/", ""),
        ("https://a.example.com@evil.com/", ""),
        ("https://a.example.com\\@evil.com/", ""),
        ("https://a.example.com#@evil.com/", ""),
        ("https://a.example.com/\n", ""),
        ("https://[::1]/", ""),
        ("", ""),
    ],
)
def test_the_host_of_a_url(url, host):
    """Only a plain https URL has one, so that nobody reads another host out of it."""
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("sns.eu-west-1.amazonaws.com", True),
        ("sns.amazonaws.com", False),
        ("sns.a.b.amazonaws.com", False),
        ("sns.-.amazonaws.com", False),
        ("sns..amazonaws.com", False),
        ("sns.eu-west-1.amazonaws.com.evil.com", False),
        ("evilsns.eu-west-1.amazonaws.com", False),
        ("", False),
    ],
)
def test_a_star_is_one_label(host, allowed):
    """Neither none nor two labels fit a `*`, and nothing stands before or behind the pattern."""
    assert allows([SNS, "api.example.com"], host) == allowed
