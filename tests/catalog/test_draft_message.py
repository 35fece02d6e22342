"""The message of a draft, as templates over the paths of a payload."""

import keyword

import pytest

from gateway.catalog.draft_message import drafted, expression, usable
from gateway.language.lint import METHODS

WORDS = [*keyword.kwlist, *METHODS, *"payload request loop self true none title url state user message id".split()]


@pytest.mark.parametrize(
    ("path", "written"),
    [
        (("a", "b"), "a.b"),
        (("data", "items"), "payload | path('data.items')"),
        (("state",), "payload | path('state')"),
        (("events", "0", "name"), "payload | path('events[0].name')"),
        (("a b", "größe"), "payload | path('[\"a b\"].größe')"),
    ],
)
def test_paths_are_expressions(path, written):
    """A word of the templates or the name of a method is looked up; others stand as they are."""
    assert expression(path) == written


def test_what_no_template_can_name():
    """Quotes, brackets and the signs of templates."""
    assert usable(("a", "b-c"))
    assert not any(map(usable, [(), ("a'b",), ("{{",), ("a?",), ("$ref",)]))


def test_the_parts_have_their_places():
    """What happened, to what, how it stands, by whom, where to look, what is said, and facts."""
    body = {
        "build": {"name": "Nightly", "status": {"name": "failed"}, "url": "https://x.example/1", "number": 7},
        "actor": {"name": "ann", "email": "ann@x.example"},
        "description": "**It** broke.",
        "tags": ["a", "b"],
        "finished_at": 1769868300,
        "commits": [{"message": "Fix", "url": "https://x.example/c"}],
    }
    found = drafted([("build.ended", body)], "Build ended", "Event")
    shown = found.attachment
    assert shown["title"] == "Build ended: {{ build.name }}{{ state.word | aside }}"
    assert (found.state, found.person) == (("build", "status", "name"), ("actor",))
    assert found.needed == {("build", "name")}
    assert shown["author"] == "actor"
    assert shown["title_link"] == "{{ build.url }}"
    assert shown["text"][0] == "{{ description | markdown(500) }}"
    assert shown["text"][1] == {"each": "commits", "line": "- {{ item.message | link(item.url) }}"}
    fields = {one["title"]: one["value"] for one in shown["fields"]}
    assert fields["Finished at"] == "{{ finished_at | time }}"
    assert fields["Tags"] == "{{ tags | join(', ') }}"
    assert found.about[0] == ("build",)


def test_a_payload_that_says_nothing():
    """Its event is told."""
    assert drafted([("", {})], "", "Event of Acme").attachment == {"title": "Event of Acme"}


def test_a_title_that_one_payload_has_not():
    """Says what happened alone: without a title there would be no message."""
    found = drafted([("sprint.closed", one) for one in ({"sprint": {"name": "S1"}}, {})], "Sprint closed", "Event")
    assert (
        found.attachment["title"]
        == "{% if sprint.name %}Sprint closed: {{ sprint.name }}{% else %}Sprint closed{% endif %}"
    )
    assert drafted([("sprint.closed", {"title": "S1"})], "Sprint closed", "Event").needed == {("title",)}
    others = drafted([("sprint.closed", {"title": "S1"})], "Sprint closed", "Event", {"title"})
    assert others.attachment["title"] == "{% if title %}Sprint closed: {{ title }}{% else %}Sprint closed{% endif %}"
    assert others.needed == set()


def test_what_a_person_asks_first_comes_first():
    """How bad it is before what else is known, times last; a line of a list is called by its element, not by a part."""
    body = {
        "event": "scan.ended", "name": "nightly", "at": "2026-01-31T08:00:00Z", "owner": "ops", "severity": "high",
        "images": [{"tag": "v1", "report": {"scanner": {"name": "Trivy"}, "severity": "High"}}],
    }  # fmt: skip
    shown = drafted([("scan.ended", body)], "Scan ended", "Event").attachment
    assert [one["title"] for one in shown["fields"]] == ["Severity", "Owner", "At"]
    assert shown["text"] == [{"each": "images", "line": "- {{ item.tag }}{{ item.report.severity | aside }}"}]


def test_no_field_says_what_the_title_says():
    """Nor anything of an object that a payload lacks, nor what stands under a number that is data."""
    bodies = [
        (
            f"disk.{what}",
            {
                "kind": f"disk.{what}", "happened": what, "note": "disk", "name": "sda",
                "more": {"urgent": False, "size": 5} if what == "full" else None, "ids": {"1": True},
            },
        )
        for what in ("full", "gone")
    ]  # fmt: skip
    fields = drafted(bodies, "{{ request.event | humanize }}", "Event").attachment["fields"]
    assert {one["title"]: one["value"] for one in fields} == {
        "More size": "{{ more.size }}",
        "More urgent": "{{ more.urgent | yesno }}",
    }
