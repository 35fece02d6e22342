"""What the filters of a route name that no document of its service knows: a typing error hides messages, silently.

These are warnings. A sender may have events and paths that no document names.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from itertools import pairwise
from typing import Final

from gateway.catalog import payload_paths
from gateway.catalog.payload_paths import KEYS
from gateway.catalog.select import overlap
from gateway.catalog.service import Service
from gateway.errors import Fault
from gateway.language import lint
from gateway.language.functions import TABLE
from gateway.language.lint import Token, Unusable
from gateway.settings import Settings
from gateway.settings.lines import Place
from gateway.settings.routes import RouteSettings, is_template

_WORDS: Final = frozenset(
    "and or not in is if else elif endif for endfor set endset true false none True False None loop".split()
)
_ALIKE: Final = 0.85
"""How alike a name must be to be meant: many that no document knows are right."""

_OWN: Final = frozenset({"payload", "request"})


def unknown(settings: Settings, services: Mapping[str, Service]) -> list[Fault]:
    """A warning for each event and path that a route names and its service does not."""
    report = settings.source
    return [
        report.fault(place, f"no document of {route.service} knows {name!r}", remedy)
        for route in settings.routes.values()
        if route.service in services
        for place, name, remedy in _unknown(route, services[route.service])
    ]


def _unknown(route: RouteSettings, service: Service) -> Iterator[tuple[Place, str, str]]:
    place = ("routes", route.name)
    events = [event for one in service.translators for event in one.events]
    events += [*service.ignore, *service.test_events]
    if service.translators and service.event:
        for key, patterns in (("only", route.only), ("ignore", route.ignore)):
            for index, pattern in enumerate(patterns):
                if not any(overlap(pattern, event) or overlap(f"{pattern}.*", event) for event in events):
                    yield (*place, key, index), pattern, _remedy(pattern, events, service, "events")
    known = _Known(service)
    rules = {"when": route.when or "", "channel": route.channel or "" if is_template(route.channel or "") else ""}
    for key, source in rules.items():
        for path in chains(source, expression=key == "when"):
            if missing := known.missing(path):
                yield (*place, key), missing, _remedy(missing, known.paths, service, "paths")


def _remedy(name: str, known: Collection[str], service: Service, kind: str) -> str:
    listed = f"`mattergate services {service.key}` lists the {kind}; the sender may have others"
    near = get_close_matches(name, list(known), 1, _ALIKE)
    return f'did you mean "{near[0]}"? {listed}' if near else listed


class _Known:
    """The paths that the translators of a service know; none is missing where one of them takes any payload."""

    def __init__(self, service: Service) -> None:
        found = [payload_paths.paths(one.input) for one in service.translators]
        self._is_open = not found or any("" in paths for paths in found)
        leaves = {path for paths in found for path in paths}
        self._ends = {path.partition("[")[0] for path in leaves}
        self.paths = {prefix for path in leaves for prefix in _prefixes(path.partition("[")[0].split("."))}

    def missing(self, path: tuple[str, ...]) -> str:
        """The part of a path that no translator knows; "" when it is known as far as anything is."""
        steps = path[1:] if path[0] == "payload" else path
        if self._is_open or not steps or steps[0] in _OWN:
            return ""
        for prefix in _prefixes(steps[:KEYS]):
            if prefix not in self.paths:
                return prefix
            if prefix in self._ends:
                return ""
        return ""


def _prefixes(steps: Iterable[str]) -> Iterator[str]:
    path = ""
    for step in steps:
        path = f"{path}.{step}" if path else step
        yield path


def chains(source: str, *, expression: bool) -> list[tuple[str, ...]]:
    """The dotted paths that a template looks up, or with `expression` a condition; each ends where a bracket begins."""
    try:
        code = lint.tokens(f"{{{{ {source} }}}}" if expression and not is_template(source) else source)
    except Unusable:
        return []
    made = {after.text for before, after in pairwise(code) if before.text in {"set", "for"}}
    found = []
    for index, token in enumerate(code):
        if token.kind == "name" and token.text not in made and _begins(code, index):
            found.append((token.text, *_following(code, index + 1)))
    return found


def _begins(code: tuple[Token, ...], index: int) -> bool:
    """Whether a name is looked up in the payload: it is no word of the language, filter, test, function or argument."""
    name, before = code[index].text, code[index - 1].text
    after = [token.text for token in code[index + 1 : index + 3]]
    is_test = before == "is" or (before == "not" and code[index - 2].text == "is")
    is_argument = before in {"(", ","} and after[:1] == ["="] and after[1:] != ["="]
    is_function = after[:1] == ["("] and name in TABLE
    return not (name in _WORDS or before in {".", "|", "{%"} or is_test or is_argument or is_function)


def _following(code: tuple[Token, ...], index: int) -> Iterator[str]:
    """The keys behind a name."""
    while index + 1 < len(code) and code[index].text == "." and code[index + 1].kind == "name":
        yield code[index + 1].text
        index += 2
