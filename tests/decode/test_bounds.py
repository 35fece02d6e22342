"""How much may be read of one request depends on how much was sent."""

import pytest

from gateway.decode.bounds import NODES, Allowance, TooManyError


def test_a_few_bytes_buy_little_and_many_never_more_than_all():
    """The allowance grows with the bytes on the wire up to that of the largest request."""
    assert Allowance(100).left < Allowance(20_000).left < NODES  # 100 bytes: 40,500
    assert Allowance(10_000_000).left == Allowance().left == NODES
    assert Allowance(10_000_000, 7).left == Allowance(most=7).left == 7


def test_what_is_taken_is_gone():
    """Nested texts take from what the whole may take; what is refused takes nothing."""
    allowance = Allowance()
    allowance.take(NODES - 1)
    with pytest.raises(TooManyError, match="500,000"):
        allowance.take(2)
    allowance.take(1)
    assert allowance.left == 0
