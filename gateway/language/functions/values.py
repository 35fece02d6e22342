"""Functions on values: defaults, lookups, lists as text."""

import re
from typing import Final

from gateway import jsonpath
from gateway.decode import jsontext
from gateway.language.functions.coerce import count_of, list_of, markdown_of, text_of
from gateway.language.functions.markup import Markup
from gateway.language.functions.registry import Example, Number, function
from gateway.mattermost.plain import unmark
from gateway.model import JSON

_MAX_PARTS: Final = 1000
_MAX_JSON: Final = 1_000_000
_INTERNAL: Final = re.compile(r"__.+__", re.DOTALL)
_EMPTY: Final[tuple[JSON, ...]] = (None, "", [], {})
_NO_WORDS: Final = frozenset({"", "0", "false", "no", "off", "none", "null", "n"})


@function(
    missing="replaces",
    doc="The value, or `other` when it is missing or null: what stands where nothing is. Among several "
    "places `coalesce` chooses.",
    examples=[Example('{{ user.name | default("somebody") }}', {"user": {"name": None}}, "somebody")],
)
def default(value: JSON = None, other: JSON = "") -> JSON:
    """See the registration."""
    return other if value is None else value


@function(
    kind="global",
    missing="handles",
    doc="The first of the values that is there: neither missing nor null, nor an empty text, array or object. "
    "0 and false are values. Where none is, the last one stands, also an empty text.",
    examples=[
        Example("{{ coalesce(user.name, user.login) }}", {"user": {"name": "", "login": "ada"}}, "ada"),
        Example('{{ coalesce(count, "none") }}', {"count": 0}, "0"),
        Example('{{ coalesce(title, subject, "untitled") }}', {"subject": []}, "untitled"),
    ],
)
def coalesce(*values: JSON) -> JSON:
    """See the registration."""
    for value in values:
        if value not in _EMPTY:
            return value
    return values[-1] if values else None


def _concat_plain(*values: JSON) -> JSON:
    return None if None in values else "".join(map(text_of, values))


@function(
    kind="global",
    missing="handles",
    plain=_concat_plain,
    doc="The values in one text; missing where one of them is missing or null.",
    examples=[
        Example("{{ concat('more than ', count) }}", {"count": 20}, "more than 20"),
        Example("{{ concat(home, '/commits/', id) | default('no link') }}", {"home": "https://h"}, "no link"),
    ],
)
def concat(*values: JSON) -> JSON:
    """See the registration."""
    if None in values or not any(isinstance(value, Markup) for value in values):
        return _concat_plain(*values)
    return Markup("".join(map(markdown_of, values)))


@function(
    doc="Missing when the value is one of the given ones: drops words that say nothing.",
    examples=[
        Example('{{ region | unless("none", "unknown") | default("anywhere") }}', {"region": "none"}, "anywhere")
    ],
)
def unless(value: JSON, *others: JSON) -> JSON:
    """See the registration."""
    return None if any(value is other or value == other for other in others) else value


@function(
    missing="handles",
    doc='`yes` for what is true, `no` for what is false; words such as "false", "off" and "0" are false. '
    "Missing stays missing unless a third word is given.",
    examples=[
        Example("{{ draft | yesno }}", {"draft": True}, "yes"),
        Example('{{ draft | yesno("draft", "ready") }}', {"draft": "false"}, "ready"),
    ],
)
def yesno(value: JSON = None, yes: JSON = "yes", no: JSON = "no", missing: JSON = None) -> JSON:
    """See the registration."""
    if value is None:
        return missing
    true = value.strip().lower() not in _NO_WORDS if isinstance(value, str) else bool(value)
    return yes if true else no


@function(
    missing="handles",
    doc="The word that a table has for the value, else `other`, else the value itself.",
    examples=[
        Example('{{ state | pick({"ok": "fine", "nok": "bad"}) }}', {"state": "nok"}, "bad"),
        Example('{{ state | pick({"ok": "fine"}, "odd") }}', {"state": "hm"}, "odd"),
    ],
)
def pick(value: JSON = None, table: JSON = None, other: JSON = None) -> JSON:
    """See the registration; keys compare as text, so that 200 finds "200"."""
    words = table if isinstance(table, dict) else {}
    found = words.get(value if isinstance(value, str) else text_of(value)) if value is not None else None
    if found is None:
        return value if other is None else other
    return found


@function(
    doc="The part at a path inside the value: keys with dots and odd characters, indexes.",
    examples=[
        Example(
            "{{ event | path('issue.labels[0].name') }}", {"event": {"issue": {"labels": [{"name": "bug"}]}}}, "bug"
        ),
        Example(
            "{{ labels | path('[\"app.kubernetes.io/name\"]') }}", {"labels": {"app.kubernetes.io/name": "web"}}, "web"
        ),
    ],
)
def path(value: JSON, where: JSON = "", other: JSON = None) -> JSON:
    """See the registration."""
    try:
        found = jsonpath.lookup(value, jsonpath.parse(text_of(where)))
    except ValueError:
        return other
    return other if found is jsonpath.MISSING or found is None else found


@function(
    doc="The value under a key of an object, or at an index of an array, where the key or index is a value itself.",
    examples=[
        Example("{{ labels | at(wanted) }}", {"labels": {"pop": 3, "web": 1}, "wanted": "pop"}, "3"),
        Example("{{ names | at(index - 1) }}", {"names": ["ada", "grace"], "index": 2}, "grace"),
    ],
)
def at(value: JSON, key: JSON = "") -> JSON:
    """See the registration."""
    if isinstance(value, list):
        return value[key] if isinstance(key, int) and -len(value) <= key < len(value) else None
    return value.get(text_of(key)) if isinstance(value, dict) else None


@function(
    doc="The names in an object, as an array; nothing for other values.",
    examples=[Example("{{ labels | keys | join_names }}", {"labels": {"a": 1, "b": 2}}, "a and b")],
)
def keys(value: JSON) -> JSON:
    """See the registration."""
    return list(value) if isinstance(value, dict) else []


@function(
    doc="The pairs of an object as arrays of name and value; nothing for other values.",
    examples=[Example("{% for k, v in labels | items %}{{ k }}: {{ v }};{% endfor %}", {"labels": {"a": 1}}, "a: 1;")],
)
def items(value: JSON) -> JSON:
    """See the registration."""
    return [list(pair) for pair in value.items()] if isinstance(value, dict) else []


@function(
    doc="The value inside a string of JSON; a string that is not JSON stays as it is.",
    examples=[Example("{% set m = body | parse_json %}{{ m.name }}", {"body": '{"name": "disk"}'}, "disk")],
)
def parse_json(value: JSON) -> JSON:
    """See the registration."""
    if not isinstance(value, str) or len(value) > _MAX_JSON:
        return value
    try:
        return jsontext.parse(value)
    except ValueError:
        return value


@function(
    doc="The parts of a text between separators, trimmed, blank ones left out.",
    examples=[Example('{{ tags | split(",") | join_names }}', {"tags": "web, eu ,,"}, "web and eu")],
)
def split(value: JSON, separator: JSON = ",") -> JSON:
    """See the registration; arrays stay arrays."""
    if isinstance(value, list | tuple):
        return list(value)
    parts = text_of(value).split(text_of(separator) or None, _MAX_PARTS)
    return [part.strip() for part in parts if part.strip()]


def _join_names(value: JSON, key: JSON, limit: JSON) -> JSON:
    """The names of a list as prose; Markup if one of them is."""
    found = [_name_of(element, key) for element in list_of(value)]
    names = [name for name in found if name is not None and text_of(name).strip()]
    if not names:
        return None
    most = max(1, count_of(limit, 5, _MAX_PARTS))
    ready = any(isinstance(name, Markup) for name in names[:most])
    shown = [markdown_of(name) if ready else text_of(name) for name in names[:most]]
    left = len(names) - len(shown)
    last = f"{left} more" if left else shown.pop()
    text = f"{', '.join(shown)} and {last}" if shown else last
    return Markup(text) if ready else text


def _name_of(element: JSON, key: JSON) -> JSON:
    """The name of a list's element: the value at `key`, or under a usual naming key, or the element itself."""
    if key is not None:
        return path(element, key)
    if isinstance(element, dict):
        usual = (element[name] for name in ("name", "title", "login", "username", "key", "id") if name in element)
        return next(usual, None)
    return element


def _join_names_plain(value: JSON, key: JSON = None, limit: Number = 5) -> JSON:
    """`join_names` for plain-text keys."""
    joined = _join_names(value, key, limit)
    return unmark(joined) if isinstance(joined, Markup) else joined


@function(
    plain=_join_names_plain,
    doc="A list as prose: `a, b and c`, at most `limit` names; `key` says what of each element is its name.",
    examples=[
        Example(
            '{{ users | join_names(key="login") }}', {"users": [{"login": "ann"}, {"login": "bob"}]}, "ann and bob"
        ),
        Example("{{ names | join_names(limit=2) }}", {"names": ["a", "b", "c", "d", "e"]}, "a, b and 3 more"),
    ],
)
def join_names(value: JSON, key: JSON = None, limit: Number = 5) -> JSON:
    """See the registration."""
    return _join_names(value, key, limit)


@function(
    doc="What of an object is left to tell: without the names in `told`, internal ones (`__x__`) and blank values.",
    examples=[
        Example(
            "{{ labels | others(['job']) | pairs }}", {"labels": {"job": "node", "__id__": 7, "env": "a"}}, "env=a"
        ),
        Example("{{ notes | others(['summary']) | pairs }}", {"notes": {"summary": "Down", "info": ""}}, ""),
    ],
)
def others(value: JSON, told: JSON = None) -> JSON:
    """See the registration. Prometheus and Grafana name what is internal to them with two underscores on both sides."""
    if not isinstance(value, dict):
        return None
    hidden = {text_of(name) for name in list_of(told)}
    return {
        name: inner
        for name, inner in value.items()
        if name not in hidden and not _INTERNAL.fullmatch(name) and inner not in (None, "")
    } or None


@function(
    doc="An array whose objects have `value` under `key` where it is missing, null or empty in them.",
    examples=[
        Example(
            "{% for a in alerts | fill('status', 'firing') %}{{ a.name }} {{ a.status }}; {% endfor %}",
            {"alerts": [{"name": "disk"}, {"name": "net", "status": "resolved"}]},
            "disk firing; net resolved; ",
        )
    ],
)
def fill(value: JSON, key: JSON = "", filling: JSON = None) -> JSON:
    """See the registration; elements that are no objects stay as they are."""
    name = text_of(key)
    return [
        {**element, name: filling} if isinstance(element, dict) and element.get(name) in (None, "") else element
        for element in list_of(value)
    ]


@function(
    doc="An object as `name=value` pairs, such as the labels of an alert, at most `limit`; null is left out.",
    examples=[
        Example("{{ labels | pairs }}", {"labels": {"job": "node", "a": None, "env": "prod"}}, "job=node, env=prod"),
        Example('{{ labels | pairs(": ", 1) }}', {"labels": {"job": "node", "env": "prod"}}, "job: node, 1 more"),
    ],
)
def pairs(value: JSON, sign: JSON = "=", limit: Number = 20) -> JSON:
    """See the registration."""
    if not isinstance(value, dict):
        return None
    most = count_of(limit, 20, _MAX_PARTS)
    known = [name for name, one in value.items() if one is not None]
    shown = [f"{name}{text_of(sign)}{text_of(value[name])}" for name in known[:most]]
    return ", ".join(shown + ([f"{len(known) - most} more"] if len(known) > most else [])) or None
