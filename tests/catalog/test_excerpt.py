"""The beginning of a value: small values whole, large ones as far as it goes, with the places where there was more."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.catalog.excerpt import Excerpt


def test_a_small_value_is_whole():
    """As a copy."""
    value = {"a": [1, {"b": None}], "c": "x" * 200}
    excerpt = Excerpt(value)
    assert (excerpt.value, excerpt.cut) == (value, [])
    assert not excerpt.has_cut_below(())


def test_what_is_near_the_top_goes_first():
    """A long array in front hides nothing beside it; it is cut where the room ends."""
    excerpt = Excerpt({"list": list(range(5000)), "name": "n", "text": "x" * 1000})
    assert excerpt.value["name"] == "n"
    assert (len(excerpt.value["text"]), excerpt.value["list"][:3]) == (200, [0, 1, 2])
    assert len(excerpt.value["list"]) < 1000
    assert sorted(excerpt.cut) == [("list",), ("text",)]
    assert excerpt.has_cut_below(("list",))
    assert excerpt.has_cut_below(())
    assert not excerpt.has_cut_below(("name",))


def test_long_keys_are_left_out():
    """They would be written into every path below."""
    excerpt = Excerpt({"k" * 1000: {"a": 1}, "b": 2})
    assert (excerpt.value, excerpt.cut) == ({"b": 2}, [()])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=20,
)


@given(JSON)
def test_what_fits_is_never_changed(value):
    """Whatever it is made of."""
    assert Excerpt(value).value == value
