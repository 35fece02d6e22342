"""Templates read for the paths that a document does not know."""

import pytest

from gateway.language.known import ANY, SCALAR, Known
from gateway.language.reader import Reader

USER = Known.of(login=SCALAR, name=SCALAR)
NAMES = Known.of(user=USER, users=Known.list(USER), text=SCALAR, labels=ANY)


def unknown(source: str) -> list[str]:
    """The paths of a template that are not known."""
    reader = Reader({"coalesce"})
    reader.template(source, NAMES)
    return [one.path for one in reader.unknown]


@pytest.mark.parametrize(
    "source",
    [
        "{{ user.login | default(text) }}",
        "{{ users[0].login }} {{ (users | first).name }} {{ users[:3] | map(attribute='login') | join }}",
        "{{ labels.a.b[0]['c'] }}",
        "{% for one in users %}{{ one.login }}{{ loop.index }}{% else %}{{ text }}{% endfor %}",
        "{% for name, value in labels | items %}{{ name }}{{ value.x }}{% endfor %}",
        "{% set who = user or users[0] %}{{ who.login }}",
        "{% if text %}{% set who = user %}{% else %}{% set who = users[0] %}{% endif %}{{ who.name }}",
        "{% set who %}{{ text }}{% endset %}{{ who }}",
        "{{ coalesce(user, users[0]).login }}{{ true and none }}",
        "{{ {'a': user}.a.login }}{{ [user][0].login }}{{ (user if text else users[0]).login }}",
        "{{ users | fill('age', 1) | map(attribute='age') | join }}{{ user | path('login') }}{{ user | at(text) }}",
        "{{ users | selectattr('login', 'eq', 'x') | rejectattr('name') | sort(attribute='name') | join_names }}",
        "{{ not a syntax",
    ],
)
def test_known_paths_are_no_fault(source):
    """Through filters, branches, loops, names of the template and constants."""
    assert unknown(source) == []


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("{{ user.logn }}", "user.logn"),
        ("{{ usr.login }}", "usr"),
        ("{{ text.length }}", "text.length"),
        ("{{ users.login }}", "users.login"),
        ("{{ users[0].logn }}", "users[0].logn"),
        ("{{ user['logn'] }}", "user.logn"),
        ("{% for one in users %}{{ one.logn }}{% endfor %}", "one.logn"),
        ("{% for one in users %}{% endfor %}{{ one }}", "one"),
        ("{% for one in users %}{{ loop.idx }}{% endfor %}", "loop.idx"),
        ("{% if text %}{{ user.x }}{% elif user.login %}{% endif %}", "user.x"),
        ("{% if text %}{% elif user.y %}{% endif %}", "user.y"),
        ("{% if text %}{% else %}{{ user.z }}{% endif %}", "user.z"),
        ("{{ text if user.x is defined }}", "user.x"),
        ("{{ users | join_names(key='logn') }}", "users[0].logn"),
        ("{{ users | map(attribute='logn') | join }}", "users[0].logn"),
        ("{{ users | selectattr('logn') | list }}", "users[0].logn"),
        ("{{ user | path('logn') }}", "user.logn"),
        ("{{ coalesce(user, users[0]).logn }}", "logn"),
        ("{{ text | default(user.x) }}", "user.x"),
    ],
)
def test_an_unknown_path_is_found(source, path):
    """Wherever it stands; what is behind it is not judged."""
    assert unknown(source) == [path]


def test_a_remedy_says_what_is_meant():
    """Or what there is, as far as it is short."""
    reader = Reader(())
    reader.expression("user.logn", NAMES)
    reader.expression("{{ user.q }}", NAMES)
    reader.expression("text.q", NAMES)
    assert [one.remedy for one in reader.unknown] == [
        'did you mean "login"? If not, say it in `input`',
        "it has: login, name; or say it in `input`",
        "say in `input` which keys it has, or take it as it is",
    ]
