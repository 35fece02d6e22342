"""Whom Mattermost calls: private hosts only as its settings name them."""

import pytest

from gateway.mattermost.internal import refusal


@pytest.mark.parametrize(
    ("host", "addresses", "allowed"),
    [
        ("gate.example.com", ["8.8.8.8"], ""),
        ("gate.example.com", ["10.1.2.3"], "other gate.example.com"),
        ("gate.example.com", ["10.1.2.3"], "10.0.0.0/8,127.0.0.1"),
        ("gate.example.com", ["10.1.2.3", "8.8.8.8"], ""),
        ("127.0.0.1", ["127.0.0.1"], "127.0.0.1"),
        ("gate", ["fe80::1%eth0"], "fe80::/10"),
        ("gate.example.com", [], ""),
    ],
)
def test_a_host_that_is_called(host, addresses, allowed):
    """Public, allowed by its very text, or in a network that is allowed."""
    assert refusal(host, addresses, allowed) == ""


@pytest.mark.parametrize(
    ("host", "address", "allowed", "hint"),
    [
        ("localhost", "127.0.0.1", "127.0.0.1 ::1", "write localhost into its AllowedUntrustedInternalConnections"),
        ("gate", "10.1.2.3", "10.1.2.3 192.168.0.0/16 nonsense/x", "a private address"),
        ("gate", "10.1.2.3", "https://gate", "https://gate, which is not the same text"),
        ("gate", "10.1.2.3", "gate:8080", "gate:8080, which is not the same text"),
        ("gate", "fd00::1", "10.0.0.0/8", "a private address"),
    ],
)
def test_a_host_that_is_not_called(host, address, allowed, hint):
    """An address in the list allows its own text alone, and no name that leads there."""
    assert hint in refusal(host, [address], allowed)
