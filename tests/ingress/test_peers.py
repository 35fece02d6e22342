"""Who sends: by the address of the connection, or by what a trusted proxy says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ingress.peers import UNKNOWN, Peers, short
from tests.cost import bytes_of

PROXIES = Peers(["10.0.0.0/8", "2001:db8:ffff::/48"])


@pytest.mark.parametrize(
    ("address", "peer"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8:0:0:ffff::1", "2001:db8::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", UNKNOWN),
        ("nonsense", UNKNOWN),
    ],
)
def test_an_address_belongs_to_a_peer(address, peer):
    """One of IPv6 to its network of 64 bits, one of IPv4 that is written so to itself."""
    assert short(address) == Peers().of(address, {"x-forwarded-for": "198.51.100.1"}) == peer


@pytest.mark.parametrize(
    ("headers", "peer"),
    [
        ({"x-forwarded-for": "198.51.100.1"}, "198.51.100.1"),
        ({"x-forwarded-for": "203.0.113.9, 198.51.100.1"}, "198.51.100.1"),
        ({"x-forwarded-for": "203.0.113.9, 198.51.100.1, 10.1.1.1 , 2001:db8:ffff::2"}, "198.51.100.1"),
        ({"x-forwarded-for": "10.3.3.3, 10.1.1.1"}, "10.3.3.3"),
        ({"x-forwarded-for": "198.51.100.1:4711"}, "198.51.100.1"),
        ({"x-forwarded-for": "2001:db8:1:2:3::4"}, "2001:db8:1:2::/64"),
        ({"x-forwarded-for": "[2001:db8:1:2:3::4]:80"}, "2001:db8:1:2::/64"),
        ({"forwarded": "for=198.51.100.1"}, "198.51.100.1"),
        ({"forwarded": 'for=203.0.113.9, For="198.51.100.1:80";proto=https;by=10.0.0.1'}, "198.51.100.1"),
        ({"forwarded": 'proto=https;for="[2001:db8:1:2:3::4]:4711"'}, "2001:db8:1:2::/64"),
        ({"forwarded": "for=198.51.100.1", "x-forwarded-for": "203.0.113.9, 198.51.100.1"}, "198.51.100.1"),
        # what says nothing, or contradicts itself, counts for the proxy
        ({}, "10.0.0.1"),
        ({"x-forwarded-for": ""}, "10.0.0.1"),
        ({"x-forwarded-for": "203.0.113.9, unknown"}, "10.0.0.1"),
        ({"forwarded": "for=203.0.113.9, for=_hidden"}, "10.0.0.1"),
        ({"forwarded": "for=203.0.113.9, proto=https"}, "10.0.0.1"),
        ({"forwarded": "for=203.0.113.9", "x-forwarded-for": "198.51.100.1"}, "10.0.0.1"),
    ],
)
def test_a_trusted_proxy_names_the_sender(headers, peer):
    """The right-most address that is no trusted proxy's: what stands left of it anybody can write."""
    assert PROXIES.of("10.0.0.1", headers) == peer


def test_a_stranger_names_nobody():
    """From an address that is not trusted, these headers are words of the sender."""
    assert PROXIES.of("192.0.2.1", {"x-forwarded-for": "198.51.100.1", "forwarded": "for=198.51.100.1"}) == "192.0.2.1"
    assert (PROXIES.trusts("10.9.9.9"), PROXIES.trusts("192.0.2.1"), PROXIES.trusts("")) == (True, False, False)


@given(st.text(), st.text())
def test_whatever_a_proxy_hands_on_is_a_peer(forwarded, chain):
    """No header makes an error, nor a peer that is no address."""
    peer = PROXIES.of("10.0.0.1", {"forwarded": forwarded, "x-forwarded-for": chain})
    assert short(peer.partition("/")[0]) == peer


def test_of_a_long_address_little_is_kept():
    """A proxy that passes `Forwarded` on, and a sender that fills it with something else each time."""
    forged = [f'for="fe80::{number:x}%{"z" * 8000}"' for number in range(1, 500)]
    assert bytes_of(lambda: [PROXIES.of("10.0.0.1", {"forwarded": one}) for one in forged]) < 1_000_000
