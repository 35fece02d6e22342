"""The doors that are open, and the routes behind them."""

from gateway import settings
from gateway.ingress.table import open_doors

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
