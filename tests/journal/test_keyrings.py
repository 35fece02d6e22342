"""Keys of a ring as values."""

from gateway.journal.keyrings import RingKey

KEY = RingKey("k1", b"\x00very secret\xff", 10.0)


def test_a_key_is_not_shown() -> None:
    """Not as itself, nor inside of something that is shown."""
    for shown in (repr(KEY), str([KEY]), f"{KEY}"):
        assert "very" not in shown
        assert "k1" in shown


def test_the_newest_key_is_valid_and_a_former_one_until_its_time() -> None:
    """The moment itself is not included."""
    assert KEY.valid(1e12)
    former = RingKey("k0", b"", 5.0, 20.0)
    assert [former.valid(now) for now in (19.9, 20.0)] == [True, False]
