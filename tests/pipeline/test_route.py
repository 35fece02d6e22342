"""Routes as ingress uses them: what their settings wish, how requests prove themselves, and what does not fit."""

import pickle

import pytest

from gateway import settings
from gateway.catalog import catalog
from gateway.model import CardMode
from gateway.pipeline import route
from gateway.pipeline.route import Route
from gateway.secret import Secret
from gateway.settings.tables import RouteSettings
from gateway.verify.carried import SECRET
from gateway.verify.schemes import BasicSecret, HeaderSecret, PathSecret, QuerySecret
from tests.conftest import ITEMS_SERVICE, ITEMS_TRANSLATOR

HEAD = '[destinations.ops]\nhook = "https://chat.example.com/hooks/k3yk3yk3yk3yk3yk3yk3yk3yk3"\n'


@pytest.fixture
def known(tmp_path):
    """Give a catalog with two services: `items`, which says nothing about proof, and `signed`."""
    for key, more in (("items", ""), ("signed", "verify: [{header: X-Signed}]\n")):
        (tmp_path / key).mkdir()
        (tmp_path / key / "service.yaml").write_text(ITEMS_SERVICE + more)
        (tmp_path / key / "item.yaml").write_text(ITEMS_TRANSLATOR)
    return catalog.load([tmp_path])


def made(**more) -> Route:
    """A route of these settings, on a server that takes bodies of 1,000 bytes."""
    table = RouteSettings(**{"name": "r", "service": "items", "destinations": ("ops",)} | more)
    return Route(table, 1000, 64)


def parsed(text: str):
    """The settings of a text; what is faulty in them is kept with them."""
    return settings.parse(HEAD + text, "mattergate.toml", {}, lambda path: "")


def test_the_settings_become_wishes():
    """Each key that says something about messages is a wish; what is not set is none."""
    wishes = made(
        only=("a",), ignore=("b",), strict=True, mentions=True, channel="c", username="u", icon_url="https://i",
        icon_emoji="e", priority="urgent", requested_ack=True, persistent_notifications=False, silent=True, card="both",
    ).wishes  # fmt: skip
    assert (wishes.when, wishes.muted_until, wishes.verbosity, wishes.rules) == ("", 0.0, "full", None)
    assert (wishes.only, wishes.ignore, wishes.strict, wishes.mentions) == (("a",), ("b",), True, True)
    assert (wishes.channel, wishes.username, wishes.icon_url, wishes.icon_emoji) == ("c", "u", "https://i", "e")
    assert (wishes.priority, wishes.requested_ack, wishes.persistent_notifications) == ("urgent", True, False)
    assert (wishes.silent, wishes.card, wishes.depth) == (True, CardMode.BOTH, 64)
    plain = made().wishes
    assert (plain.channel, plain.priority, plain.requested_ack, plain.silent, plain.card) == (None,) * 5


def test_a_route_with_buttons_of_any_table_has_phases():
    """They may depend on it, whether there are cards or not."""
    routes = ""
    for name in ("a", "b"):
        routes += f'[routes.{name}]\nservice = "github"\ndestinations = ["ops"]\nallow_unsigned = true\n'
    table = '[callbacks.snooze]\nservice = "mattergate"\n'
    for text, reached in (("", []), (table + 'routes = ["b"]\n', ["b"]), (table, ["a", "b"])):
        assert [name for name, one in route.build(parsed(routes + text)).items() if one.wishes.buttons] == reached


def test_a_channel_that_is_a_template_is_a_rule():
    """It is none that every message has."""
    wishes = made(when="a", mute_until=5.0, verbosity="title", channel="ops-{{ a }}", channels=("ops-a",)).wishes
    assert (wishes.channel, wishes.channel_template, wishes.channels) == (None, "ops-{{ a }}", ("ops-a",))
    assert (wishes.when, wishes.muted_until, wishes.verbosity) == ("a", 5.0, "title")
    assert wishes.rules is wishes.rules is not None


@pytest.mark.parametrize(
    ("secrets", "unsigned", "is_open"),
    [((), True, True), (("s",), True, False), (("s",), False, False), ((), False, False)],
)
def test_who_has_a_secret_asks_for_it(secrets, unsigned, is_open):
    """`allow_unsigned` opens a route without secrets alone."""
    one = made(secrets=tuple(map(Secret, secrets)), allow_unsigned=unsigned)
    assert (one.open, tuple(secret.reveal() for secret in one.secrets)) == (is_open, secrets)


def test_the_limit_of_the_route_goes_before_that_of_the_server():
    """In bytes."""
    assert (made().body_limit, made(body_limit=5).body_limit) == (1000, 5)


def test_schemes_of_the_route_go_before_those_of_the_service(known):
    """Where neither says how, whoever knows the URL may post: path, query, bearer token or password."""
    own = made(verify=({"query": "k"},))
    assert own.schemes(known.services["signed"]) == (QuerySecret("k"),)
    assert made().schemes(known.services["signed"]) == (HeaderSecret("x-signed"),)
    assert made().schemes(known.services["items"]) == tuple(SECRET)
    assert (
        PathSecret(), QuerySecret("token"), HeaderSecret("authorization", "Bearer "), BasicSecret(),
    ) == tuple(SECRET)  # fmt: skip


def test_a_route_of_an_address_is_another_one():
    """The hook of a pass-through URL: all else is the same, and the route itself stays without."""
    one = made(channel="c")
    there = one.at("hook")
    assert (there.address, one.address) == ("hook", "")
    assert (there.name, there.wishes) == (one.name, one.wishes)


def test_a_route_shows_no_secret():
    """Neither its text nor its parts hold one; nor does its text hold the hook that is the credential of a URL."""
    hook = "k3yk3yk3yk3yk3yk3yk3yk3yk3"
    one = made(secrets=(Secret("correct horse battery staple"), Secret("an older one")))
    seen = [repr(one), str(one), f"{one}", repr(vars(one)), repr([one.at(hook)]), str(one.secrets)]
    assert not [text for text in seen if "horse" in text or "older" in text or hook in text]
    with pytest.raises(TypeError):
        pickle.dumps(one)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('service = "items"\nallow_unsigned = true', []),
        ('service = "items"\nsecrets = ["0123456789abcdef"]', []),
        (
            'service = "item"\nallow_unsigned = true',
            ["mattergate.toml:4: routes.r.service: the catalog has no service 'item' (did you mean \"items\"?)"],
        ),
        (
            'service = "items"',
            [
                "mattergate.toml:3: routes.r: anyone could post here: the route has no secret"
                " (set secrets_env, or allow_unsigned = true where the network is trusted)"
            ],
        ),
        (
            'service = "items"\nallow_unsigned = true\nverify = [{path = true}, {sign = "x"}]',
            [
                "mattergate.toml:6: routes.r.verify[1]: a verify scheme is the word secret, or a mapping with"
                " one of the keys hmac, hash, ed25519, ecdsa, rsa, jwt, path, query, header, basic, token"
            ],
        ),
        (
            'service = "items"\nallow_unsigned = true\nwhen = "ref = 1"\nchannel = "{{ a | nofn }}"\nchannels = ["a"]',
            [
                "mattergate.toml:6: routes.r.when: `=` gives an argument its value; what compares is `==`"
                " (`mattergate functions` lists what it may call)",
                "mattergate.toml:7: routes.r.channel: there is no function `nofn`"
                " (`mattergate functions` lists what it may call)",
            ],
        ),
    ],
)
def test_what_does_not_fit_is_told_with_its_line(known, table, told):
    """Settings and catalog are each without fault, and do not fit together."""
    text = f'[routes.r]\n{table}\ndestinations = ["ops"]\n'
    found = [*route.unknown_services(parsed(text), known.keys), *route.faults(parsed(text))]
    lines = (HEAD + text).splitlines()
    assert [str(fault) for fault in found] == told
    for fault in found:
        assert lines[fault.line - 1].startswith(("[routes.r]", "service", "verify", "when", "channel"))
