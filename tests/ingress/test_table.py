"""The doors that are open, and the routes behind them."""

from gateway import settings
from gateway.ingress.table import open_doors
from tests.cost import seconds_of

HOOK = "k3yk3yk3yk3yk3yk3yk3yk3yk3"
ROUTES = (
    '[destinations.ops]\nhook = "https://chat.example.com/hooks/x"\n'
    '[routes.one]\nservice = "github"\ndestinations = ["ops"]\nallow_unsigned = true\n'
)
THROUGH = '[passthrough]\nserver = "https://chat.example.com"\n'


def parsed(text):
    """The settings that a text says."""
    return settings.parse(text, "mattergate.toml", {}, lambda path: path.read_text("utf-8"))


def test_each_path_finds_its_door():
    """Paths of several doors lead to their routes, those of none nowhere."""
    made = open_doors(parsed(ROUTES + THROUGH), {"github"})
    matches = [made.find(path) for path in ("/in/one/s", f"/hooks/{HOOK}/github")]
    assert [(match.route.name, match.door.pattern) for match in matches] == [
        ("one", "/in/{route}"), ("passthrough-github", "/hooks/{hook}/{service}"),
    ]  # fmt: skip
    assert [made.find(path) for path in ("/", "/in/two", f"/hooks/{HOOK}/gitlab", "/other/one")] == [None] * 4


def test_routes_of_all_doors_are_known():
    """Routes are found by name and address whatever door they are behind; all that there are can be listed."""
    made = open_doors(parsed(ROUTES + THROUGH + 'services = ["slack"]\n'), {"github", "slack"})
    assert sorted(one.name for one in made) == ["one", "passthrough-slack"]
    assert made.named("one").name == "one"
    assert made.named("passthrough-slack", HOOK).address == HOOK
    assert made.named("passthrough-github", HOOK) is made.named("two") is None
    assert [made.takes(name, "slack") for name in ("one", "passthrough-slack")] == [False, True]


def test_a_door_that_the_settings_do_not_open_is_not_there():
    """Without [passthrough] its URLs lead nowhere."""
    made = open_doors(parsed(ROUTES), {"github"})
    assert made.find(f"/hooks/{HOOK}/github") is None
    assert made.named("passthrough-github", HOOK) is None


def test_an_unknown_path_has_a_hint_that_repeats_nothing_of_it():
    """A name that is nearly that of a route, a door that is closed, or what every path begins with."""
    closed, opened = open_doors(parsed(ROUTES), {"github"}), open_doors(parsed(ROUTES + THROUGH), {"github"})
    assert closed.near("/in/onne/a-secret") == "there is a route one: its path is /in/one"
    assert closed.near("/in/%6Fne%20") == "there is a route one: its path is /in/one"
    assert "begins with /in/" in closed.near("/webhook/one")
    assert "set [passthrough] server" in closed.near(f"/hooks/{HOOK}/github")
    assert "26 characters" in opened.near("/hooks/short/github")
    for path in ("", "/", "/in", "/in/", "/in/a-secret", "/" * 100_000):
        assert "secret" not in closed.near(path)


def test_the_hint_for_an_unknown_path_costs_little():
    """However many routes have a similar name; the nearest one is found among them."""
    destination, route = ROUTES.split("[routes.one]")
    routes = "".join(f"[routes.team-{number}-github]{route}" for number in range(1000))
    made = open_doors(parsed(destination + routes), {"github"})
    assert made.near("/in/team-77-githbu").startswith("there is a route team-77-github:")
    assert seconds_of(lambda: made.near("/in/team-123456-github-11")) < 0.1
