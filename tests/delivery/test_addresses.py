"""The addresses that have delivered, and who hears of it."""

from gateway.delivery.addresses import Addresses

KNOWN, STRANGER = "a" * 26, "b" * 26


def test_an_address_is_known_once_it_has_delivered() -> None:
    """Those that delivered in an earlier life of the gateway are known from the start."""
    addresses = Addresses([KNOWN])
    assert (KNOWN in addresses, STRANGER in addresses) == (True, False)
    addresses.delivered(STRANGER)
    assert STRANGER in addresses


def test_a_refusal_makes_nobody_known_or_unknown() -> None:
    """A hook that has delivered may refuse one message; a stranger stays one."""
    addresses = Addresses([KNOWN])
    addresses.refused(KNOWN)
    addresses.refused(STRANGER)
    assert (KNOWN in addresses, STRANGER in addresses) == (True, False)


def test_every_listener_hears_of_every_end() -> None:
    """It is called when the address is already as it says."""
    addresses = Addresses(())
    heard: list[tuple[str, bool]] = []
    addresses.refused(STRANGER)
    for _ in range(2):
        addresses.listen(lambda address, delivered: heard.append((address, delivered and address in addresses)))
    addresses.refused(STRANGER)
    addresses.delivered(STRANGER)
    addresses.delivered(STRANGER)
    assert heard == [(STRANGER, False)] * 2 + [(STRANGER, True)] * 4


def test_what_is_no_text_is_no_address() -> None:
    """`in` takes anything that can be hashed."""
    assert None not in Addresses([KNOWN])
