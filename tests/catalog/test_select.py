"""What a request is about: parts from wherever they stand, names that patterns match, and who is asked first."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from gateway.catalog.select import Index, Selector, first_match, headers_of, matches, overlap
from gateway.model import Request

REQUEST = Request(headers={"x-event": "push", "x-empty": ""}, query={"kind": "q"})
BODY = {"action": "opened", "n": 7, "yes": True, "none": None, "list": [1], "object": {"a": "b"}, "half": 1.5, "": "e"}


@pytest.mark.parametrize(
    ("selector", "part"),
    [
        ({"header": "X-Event"}, "push"), ({"header": "X-Other"}, None), ({"header": "X-Empty"}, None),
        ({"query": "kind"}, "q"), ({"query": "other"}, None), ({"const": "c"}, "c"), ({"json": "action"}, "opened"),
        ({"json": "n"}, "7"), ({"json": "half"}, "1.5"), ({"json": "yes"}, "true"), ({"json": "none"}, None),
        ({"json": "list"}, None), ({"json": "object"}, None), ({"json": "object.a"}, "b"), ({"json": "list[0]"}, "1"),
        ({"json": "missing", "default": "d"}, "d"), ({"header": "X-Empty", "default": "d"}, "d"),
        ({"json": "list", "default": "d"}, "d"), ({"json": "action", "map": {"opened": "open"}}, "open"),
        ({"json": "action", "map": {"opened": ""}}, None),
        ({"json": "action", "map": {"opened": ""}, "default": "d"}, "d"),
        ({"json": "action", "map": {"closed": "x"}}, "opened"), ({"json": "n", "map": {7: "seven"}}, "seven"),
        ({"json": "yes", "map": {"true": "on"}}, "on"), ({"present": {"missing": "a", "object.a": "b", "n": "c"}}, "b"),
        ({"present": {"none": "a"}}, None),
        ({"any": [{"json": "none"}, {"header": "X-Event"}, {"const": "c"}]}, "push"),
        ({"all": [{"json": "n"}, {"header": "X-Event"}]}, "7.push"), ({"all": []}, None),
        ({"all": [{"json": "none"}, {"const": "c"}]}, None),
        ({"any": [{"all": [{"json": "none"}, {"const": "c"}]}, {"const": "d"}]}, "d"),
        ({"any": []}, None), ({"any": [{"json": "none", "default": "d"}, {"const": "c"}]}, "d"),
    ],
)  # fmt: skip
def test_a_part_of_a_request(selector: dict[str, Any], part: str | None) -> None:
    """Scalars are names, as text; what is empty, null or no scalar is absent, and a default stands for it."""
    assert Selector(selector).value(REQUEST, BODY) == part


@pytest.mark.parametrize(
    ("given", "case", "name"),
    [
        ("Page Opened", "snake", "page_opened"), ("page-opened", "snake", "page_opened"), ("PUSH", "snake", "push"),
        ("PageOpened", "snake", "page_opened"), ("HTTPRequestFailed", "snake", "http_request_failed"),
        ("jira:issue_updated", "snake", "jira:issue_updated"), ("pr.Opened", "snake", "pr.opened"),
        ("  Page  (2) Opened!", "snake", "page_2_opened"), ("Größe Geändert", "snake", "größe_geändert"),
        ("v2Ready", "snake", "v2_ready"), (True, "snake", "true"), (7, "snake", "7"), ("!?", "snake", "d"),
        ("Page Opened", "lower", "page opened"), (None, "lower", "d"),
    ],
)  # fmt: skip
def test_a_vendor_writes_names_as_it_likes(given: Any, case: str, name: str) -> None:
    """They become names as documents write them; where nothing is left, the default stands."""
    assert Selector({"json": "a", "case": case, "default": "d"}).value(REQUEST, {"a": given}) == name


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("Opened", "exact"), ("OPENED", "other"), ("opened", "other"), ("build 12 passed", "build"),
        ("Build Failed", "build"), ("build", "build"), ("pr:merge", ""), ("else", "else"), ("a*b", "starred"),
        ("A*B", "starred"), ("build" + "x" * 300, "build" + "x" * 300),
    ],
)  # fmt: skip
def test_keys_of_a_map_need_not_be_exact(value: str, name: str) -> None:
    """The key that is the value itself goes first, then the others in their order: without case, by * and ?."""
    names = {"opened": "other", "a*b": "starred", "Opened": "exact", "BUILD*": "build", "pr:?erge": ""}
    assert Selector({"json": "a", "map": names, "default": "d"}).value(REQUEST, {"a": value}) == (name or "d")


def test_a_map_sees_what_case_writes() -> None:
    """So that one key is enough for each name."""
    selector = Selector({"json": "a", "case": "snake", "map": {"page_opened": "incident.opened"}})
    assert selector.value(REQUEST, {"a": "Page Opened"}) == "incident.opened"


@pytest.mark.parametrize(
    ("selector", "tells"),
    [
        ({"header": "X-Event"}, True), ({"header": "X-Other", "default": "d"}, False), ({"const": "c"}, False),
        ({"json": "list"}, False), ({"json": "none"}, False), ({"json": "n"}, True), ({"present": {"n": "c"}}, True),
        ({"all": [{"header": "X-Event"}, {"json": "n"}]}, True), ({"all": [{"const": "c"}, {"json": "n"}]}, False),
        ({"any": [{"const": "c"}, {"json": "n"}]}, True), ({"any": [{"const": "c"}, {"json": "none"}]}, False),
    ],
)  # fmt: skip
def test_constants_and_defaults_tell_nothing(selector: dict[str, Any], tells: bool) -> None:
    """A request is recognised by what it says itself."""
    assert Selector(selector).tells(REQUEST, BODY) is tells


@pytest.mark.parametrize("raw", [{"json": "a..b"}, {"present": {"a[": "b"}}, {"any": [{"json": "["}]}])
def test_a_bad_path_is_told(raw: dict[str, Any]) -> None:
    """Wherever it stands in the selector."""
    with pytest.raises(ValueError, match="not a path"):
        Selector(raw)


def test_headers_are_listed_for_who_keeps_them() -> None:
    """In lower case, those of alternatives too."""
    assert Selector({"any": [{"header": "X-A"}, {"json": "b"}, {"any": [{"header": "X-C"}]}]}).headers == ["x-a", "x-c"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=5,
)


ODD = {"json": "a", "case": "snake", "map": {"a*": "x", "[": ""}}


@given(
    VALUES,
    st.sampled_from([{"json": ""}, {"json": "a.b"}, {"present": {"a[0]": "x"}}, {"any": [{"json": "b"}]}, ODD]),
)
def test_any_body_has_a_part_or_none(value: Any, raw: dict[str, Any]) -> None:
    """Whatever was sent, a part is a text with something in it, or absent."""
    part = Selector(raw).value(REQUEST, value)
    assert part is None or (isinstance(part, str) and part)


@pytest.mark.parametrize(
    ("name", "pattern", "match"),
    [
        ("push", "push", True), ("push.tag", "push", True), ("pushed", "push", False), ("push", "push.tag", False),
        ("pr.opened", "pr.*", True), ("pr", "pr.*", False), ("pr.a.b", "pr.*", True), ("a1", "a?", True),
        ("Push", "push", False),
        ("a[1]", "a[1]", False), ("a1", "a[1]", True), ("", "*", True), ("", "", True), (".x", "", True),
        ("x", "", False),
    ],
)  # fmt: skip
def test_patterns(name: str, pattern: str, match: bool) -> None:
    """As in file names, case counts; a name covers what is below it."""
    assert matches(name, (pattern,)) is match
    assert not matches(name, ())
    assert matches(name, ("no", pattern, "neither")) is match


def test_the_first_pattern_that_covers_a_name_is_known() -> None:
    """In the order in which they are written."""
    assert first_match("push.created", ("pull", "p*", "push")) == "p*"
    assert first_match("push.created", ("pull", "push", "p*")) == "push"


class One(Struct, frozen=True):
    """Something with events and perhaps a condition."""

    events: tuple[str, ...]
    conditional: bool = False


def test_who_is_asked_first() -> None:
    """Exact names before patterns, longer patterns before shorter ones, conditions before their equals."""
    exact, strict = One(("pr.opened",)), One(("pr.opened", "pr.closed"), conditional=True)
    short, long_, choosy = One(("*",)), One(("pr.*",)), One(("pr.*",), conditional=True)
    index = Index([short, exact, long_, strict, choosy])
    assert index.candidates("pr.opened") == (strict, exact, choosy, long_, short)
    assert index.candidates("pr.closed") == (strict, choosy, long_, short)
    assert index.candidates("push") == (short,)
    assert Index([exact]).candidates("push") == ()


def test_only_who_would_never_speak_overlaps() -> None:
    """Two that claim a name or the same pattern without a condition; with one, they may share it."""
    first, second = One(("a", "b")), One(("b", "c*"))
    found = Index([first, second, One(("b",), conditional=True), One(("c*", "c1"))]).overlaps()
    assert [event for event, *_ in found] == ["b", "c*"]
    assert found[0] == ("b", first, second)


@given(st.lists(st.sampled_from(["a", "b", "a.*", "*"]), max_size=5), st.text("ab.", max_size=4))
def test_candidates_are_those_whose_events_match(events: list[str], name: str) -> None:
    """Nobody is forgotten, nobody else is asked, and asking again gives the same."""
    index = Index([One((event,)) for event in events])
    found = index.candidates(name)
    expected = sorted(
        e for e in events if e == name or ("*" in e and matches(name, (e,)) and (e == "*" or name[:2] == "a."))
    )
    assert sorted(one.events[0] for one in found) == expected
    assert index.candidates(name) is found


def test_names_from_payloads_are_not_kept_without_end() -> None:
    """A sender that makes up names fills a bounded memory, and is still answered right."""
    every = One(("*",))
    index = Index([every])
    for number in range(3000):
        assert index.candidates(f"made-up-{number}") == (every,)
    assert len(index._cache) <= 1024


@pytest.mark.parametrize(
    ("selector", "only"),
    [
        ({"header": "X-Id"}, True), ({"any": [{"header": "A"}, {"header": "B"}]}, True), ({"json": "id"}, False),
        ({"any": [{"header": "A"}, {"json": "b"}]}, False), ({"all": [{"header": "A"}, {"header": "B"}]}, True),
        ({"query": "q"}, False), ({"const": "c"}, False),
        ({"present": {"a": "b"}}, False),
    ],
)  # fmt: skip
def test_a_value_that_comes_from_headers_alone(selector: dict[str, Any], only: bool) -> None:
    """A signature that covers those headers covers the value."""
    assert Selector(selector).only_headers is only


@pytest.mark.parametrize(
    ("selectors", "headers"),
    [
        ([], set()), ([{"header": "X-Id"}, {"any": [{"header": "A"}, {"header": "B"}]}], {"x-id", "a", "b"}),
        ([{"header": "X-Id"}, {"json": "id"}], None),
    ],
)  # fmt: skip
def test_headers_of_several_values(selectors: list[dict[str, Any]], headers: set[str] | None) -> None:
    """There are none of a value that may come from elsewhere, which is not the same as no value at all."""
    assert headers_of([Selector(one) for one in selectors]) == headers


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("push", "push", True), ("push", "pull", False), ("push*", "*.forced", True), ("*", "", True),
        ("a*b", "b*a", False),
        ("issue?", "issues", True), ("issue?", "issue", False), ("a*c", "*b*", True), ("[ab]c", "bc", True),
        ("pull_request.*", "pull_request.opened", True), ("pul_request.*", "pull_request.*", False),
    ],
)  # fmt: skip
def test_patterns_overlap_where_a_name_is_covered_by_both(one: str, other: str, both: bool) -> None:
    """In either order."""
    assert (overlap(one, other), overlap(other, one)) == (both, both)
