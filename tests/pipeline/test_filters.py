"""What the filters of a route name that no document of its service knows is told, with its line."""

import pytest

from gateway import settings
from gateway.catalog import catalog, files
from gateway.pipeline import filters
from gateway.pipeline.filters import chains

HEAD = (
    '[destinations.ops]\nhook = "https://chat.example.com/hooks/k3yk3yk3yk3yk3yk3yk3yk3yk3"\n'
    '[routes.r]\ndestinations = ["ops"]\nallow_unsigned = true\nservice = "'
)
KNOWN = catalog.load([files.builtin_folder()], {"github", "alertmanager", "generic"}).services


def told(service: str, lines: str) -> list[str]:
    """The warnings for a route of a service."""
    text = f'{HEAD}{service}"\n{lines}\n'
    return [str(fault) for fault in filters.unknown(settings.parse(text, "m.toml", {}, str), KNOWN)]


@pytest.mark.parametrize(
    ("service", "line"),
    [
        ("github", 'only = ["push", "pull_request.*", "pull_request.opened", "*.created", "ping", "issue?"]'),
        ("github", 'ignore = ["watch.started", "pull_request"]'),
        ("github", "when = \"ref | ref_name == 'main' and sender.login not in ['renovate[bot]'] and not deleted\""),
        ("github", "when = \"payload.ref is startingwith('refs') or request.event == 'x' or request.headers['x-y']\""),
        ("alertmanager", "when = \"alerts[0].labels.severity == 'page' or commonLabels.any.thing\""),
        ("alertmanager", 'channel = "ops-{{ commonLabels.team }}"\nchannels = ["ops-web"]'),
        ("generic", 'only = ["what"]\nwhen = "any.thing"'),
        ("not-in-the-catalog", 'only = ["what"]'),
    ],
)
def test_what_a_document_knows_is_not_told(service, line):
    """Nor is what a service knows without documents."""
    assert told(service, line) == []


def test_what_no_document_knows_is_told_with_what_was_meant():
    """Each with its key; the line is that of the key."""
    lines = (
        'only = ["push", "pul_request.*"]\nignore = ["x"]\nwhen = "reff == 1 and sender.logn"\n'
        'channel = "{{ wht }}"\nchannels = ["a"]'
    )
    listed = "`mattergate services github` lists the"
    others = "; the sender may have others)"
    assert told("github", lines) == [
        f"m.toml:7: routes.r.only[1]: no document of github knows 'pul_request.*' (did you mean \"pull_request.*\"? "
        f"{listed} events{others}",
        f"m.toml:8: routes.r.ignore[0]: no document of github knows 'x' ({listed} events{others}",
        f"m.toml:9: routes.r.when: no document of github knows 'reff' (did you mean \"ref\"? {listed} paths{others}",
        f"m.toml:9: routes.r.when: no document of github knows 'sender.logn' (did you mean \"sender.login\"? "
        f"{listed} paths{others}",
        f"m.toml:10: routes.r.channel: no document of github knows 'wht' ({listed} paths{others}",
    ]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("a.b.c == d and not e", [("a", "b", "c"), ("d",), ("e",)]),
        ("a | path('x.y') in ['b', c] if loop else true", [("a",), ("c",)]),
        ("a[0].b['c'].d", [("a",)]),
        ("between(a.b, c, zone=d) is defined", [("a", "b"), ("c",), ("d",)]),
        ("{{ a.b }}", [("a", "b")]),
        ("a is not startingwith(b)", [("a",), ("b",)]),
        ("a)", []),
    ],
)
def test_the_paths_of_a_condition(source, found):
    """All but words of the language, filters, tests, functions and arguments."""
    assert chains(source, expression=True) == found


def test_the_paths_of_a_template():
    """Text is none, and names that it sets itself are not."""
    assert chains("ops {% set x = a.b %}{{ x.y }}{% for z in c %}{{ z }}{% endfor %}", expression=False) == [
        ("a", "b"), ("c",)
    ]  # fmt: skip
