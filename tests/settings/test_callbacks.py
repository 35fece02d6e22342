"""[callbacks.NAME] and [bots.NAME]: what they take, and each way in which they do not fit the rest."""

import pytest

from gateway.secret import Secret
from gateway.settings.callbacks import server_of
from tests.settings.reading import faults_of, parse

BASE = """
[destinations.ops]
hook = "https://chat.example.com/sub/hooks/k3yk3yk3yk3yk3yk3yk3yk3yk3"
[bots.helper]
server = "https://talk.example.com"
token = "t0k3n-of-helper"
[routes.alerts]
service = "alertmanager"
destinations = ["ops"]
secrets = ["s3cr3t-of-alerts"]
"""


def test_a_table_holds_what_the_callbacks_of_a_service_need() -> None:
    """Secrets are named as in the documents, and come from the file, the environment or files of their own."""
    text = BASE + '[callbacks.pd]\nservice = "pagerduty"\ndestination = "ops"\nsettings = {from = "ops@example.com"}\n'
    text += '[callbacks.pd.secrets]\ntoken_env = "PD"\nother = "in-line-secret"\n'
    table = parse(text, {"PD": "from-the-environment"}).callbacks["pd"]
    assert table.route == "callbacks.pd"
    assert table.settings == {"from": "ops@example.com"}
    assert table.secrets == {"token": Secret("from-the-environment"), "other": Secret("in-line-secret")}
    assert "from-the-environment" not in repr(table)


def test_the_server_is_that_of_the_bot_or_the_destination() -> None:
    """What calls back is asked there alone; of a webhook, the server may be under a subpath."""
    found = parse(
        BASE
        + '[callbacks.a]\nservice = "x"\nbot = "helper"\ndestination = "ops"\n'
        + '[callbacks.b]\nservice = "x"\ndestination = "ops"\n'
        + '[callbacks.c]\nservice = "x"\ndestination = "ops"\nserver = "https://own.example.com"\n'
    )
    assert found.callbacks["a"].server == "https://talk.example.com"
    assert found.callbacks["b"].server == "https://chat.example.com/sub" == server_of(found.destinations["ops"])
    assert found.callbacks["c"].server == "https://own.example.com"


@pytest.mark.parametrize(
    ("lines", "where", "problem"),
    [
        ("", "callbacks.x.service", "is missing"),
        ('bot = "helpr"', "callbacks.x.bot", '"helpr" is not a bot'),
        ('destination = "op"', "callbacks.x.destination", '"op" is not a destination'),
        ('routes = ["alert"]', "callbacks.x.routes[0]", '"alert" is not a route'),
        ('allow = ["@ann"]', "callbacks.x.allow", "needs a bot"),
        ('triggers = ["!ask"]', "callbacks.x.triggers", "needs a bot"),
        ('credentials = ["ann"]', "callbacks.x.credentials[0]", "is no USER:PASSWORD"),
        ("secrets = 3", "callbacks.x.secrets", "expected a table"),
        ('secrets = {token_env = "NOWHERE_SET"}', "callbacks.x.secrets.token_env", "NOWHERE_SET is not set"),
        ('secrets = {a = "one-secret", a_env = "PD"}', "callbacks.x.secrets.a_env", "a is given twice"),
        ("settings = {n = 3}", "callbacks.x.settings.n", "expected text, or a table of texts, got 3"),
        ('patience = "40s"', "callbacks.x.patience", "expected a duration"),
    ],
)
def test_what_does_not_fit_is_a_fault_at_its_line(lines: str, where: str, problem: str) -> None:
    """Each names the key, and what is wrong with it."""
    service = "" if not lines else 'service = "pagerduty"\n'
    found = faults_of(f"{BASE}[callbacks.x]\n{service}{lines}\n", {"PD": "the-other-secret"})
    assert any(where in one and problem in one for one in found), found


def test_a_bot_is_an_account_at_a_server() -> None:
    """It has a token or a login; the name of a table of callbacks is not that of a destination."""
    assert "no account is given" in faults_of('[bots.b]\nserver = "https://chat.example.com"\n')[0]
    assert "is not the address" in faults_of('[bots.b]\nserver = "https://c.example.com/api/v4"\ntoken = "t0"\n')[0]
    hook = 'hook = "https://chat.example.com/hooks/k3yk3yk3yk3yk3yk3yk3yk3yk3"'
    found = faults_of(f'[destinations."callbacks.x"]\n{hook}\n[callbacks.x]\nservice = "pagerduty"\n')
    assert "is the name of [callbacks.x]" in found[0]
