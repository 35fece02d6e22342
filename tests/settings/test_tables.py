"""Settings: every fault has a file in data/settings, and its text stands beside it."""

import os
import re
from pathlib import Path

import msgspec
import pytest

from gateway import settings
from gateway.errors import SettingsError
from gateway.journal import DEAD_LIMITS, DeadLimits
from gateway.secret import Secret, redact
from gateway.settings import tables
from gateway.settings.keys import Address, keys
from tests.settings.reading import DATA, ENVIRON, FILES, complete, faults_of, parse, read_file

FAULTS = sorted(path for path in DATA.glob("*.toml") if ".ok" not in path.name)
SECRETS = (
    "k3yk3yk3yk3yk3yk3yk3yk3yk3",
    "d3vd3vd3vd3vd3vd3vd3vd3vd3",
    "th1rdth1rdth1rdth1rdth1rdt",
    "s3cr3t",
    "t0k3n",
    "p4ssw0rd",
    "4dm1n",
    "r34d",
    "1234567",
)
OPS = '[destinations.ops]\nhook = "https://chat.example.com/hooks/k3yk3yk3yk3yk3yk3yk3yk3yk3"\n'


@pytest.mark.parametrize("path", FAULTS, ids=lambda path: path.stem)
def test_each_fault_is_told_with_file_line_key_and_remedy(path: Path) -> None:
    """The text of the error is the one that is stored beside the faulty file."""
    with pytest.raises(SettingsError) as caught:
        settings.parse(path.read_text(), "mattergate.toml", ENVIRON, read_file)
    assert str(caught.value) + "\n" == path.with_suffix(".txt").read_text()


@pytest.mark.parametrize("path", FAULTS, ids=lambda path: path.stem)
def test_no_fault_repeats_a_secret(path: Path) -> None:
    """Neither the error, its repr nor the errors behind it hold a secret, wherever the secret was written."""
    with pytest.raises(SettingsError) as caught:
        settings.parse(path.read_text(), "mattergate.toml", ENVIRON, read_file)
    said = f"{caught.value} {caught.value!r} {caught.value.faults!r}"
    assert not [secret for secret in SECRETS if secret in said]
    assert caught.value.__cause__ is None


def test_every_expected_text_belongs_to_a_file() -> None:
    """No expectation is left behind when its faulty file goes."""
    assert {path.stem for path in DATA.glob("*.txt")} == {path.stem for path in FAULTS}


def test_an_empty_file_gives_the_defaults() -> None:
    """Nothing has to be written; paths lie beside the settings file."""
    found = parse("")
    assert found.server == tables.Server()
    assert found.server.listen == Address("0.0.0.0", 8080)
    assert found.journal.url == "sqlite:conf/mattergate.db"
    assert DeadLimits(found.journal.dead_max_age, found.journal.dead_max_size) == DEAD_LIMITS
    assert (found.journal.retention, found.delivery.max_age, found.server.body_limit) == (604800.0, 86400.0, 5_000_000)
    assert found.passthrough is found.tracing is None
    assert found.destinations == found.routes == {}


def test_every_key_reaches_its_struct() -> None:
    """A file that writes every key leaves no default in place, and units become seconds and bytes."""
    found = complete()
    assert found.server == tables.Server(
        listen=Address("::1", 0),
        admin=Address("127.0.0.1", 9191),
        public_url="https://hooks.example.com/gate",
        body_limit=1_048_576,
        header_limit=8000,
        unproven_limit=32_000_000,
        connections=200,
        trusted_proxies=("10.0.0.0/8", "2001:db8::/32", "192.0.2.1/32"),
        depth_limit=32,
        read_timeout=1.5,
        grace=60.0,
    )
    assert found.admin == tables.Admin(
        token=Secret("4dm1n-token-of-the-environment"),
        read_token=Secret("r34d-token-of-a-file"),
        public_url="https://gate.example.com",
        open_metrics=True,
        hosts=("gateway.test",),
    )
    assert found.journal.url == "sqlite:conf/data/events.db"
    assert found.catalog.folders == ("conf/services", "/srv/services")
    route = found.routes["github"]
    assert [secret.reveal() for secret in route.secrets] == [
        "s3cr3t-in-line",
        "s3cr3t-of-the-environment",
        "s3cr3t-of-a-file",
    ]
    assert route.verify == ({"hmac": "sha256", "header": "X-Signature"},)
    assert (route.body_limit, route.duplicate_window, route.priority) == (300_000, 600.0, "urgent")
    assert found.passthrough == tables.Passthrough(server="https://chat.example.com/mattermost", services=("grafana",))
    assert found.tracing == tables.Tracing(endpoint="https://collector.example.com:4318", sample=0.25)
    written = [
        found.server,
        found.admin,
        found.journal,
        found.catalog,
        found.delivery,
        route,
        found.passthrough,
        found.log,
        found.tracing,
    ]
    for table in written:
        for key in keys(type(table)).values():
            assert key.required or getattr(table, key.name) != key.default, key.name
    for key in keys(tables.DestinationSettings).values():
        given = [getattr(destination, key.name) for destination in found.destinations.values()]
        assert [value for value in given if value != key.default], key.name


def test_destinations_take_what_they_leave_out_from_delivery() -> None:
    """A destination has the numbers of [delivery] unless it writes its own."""
    found = complete().destinations
    assert (found["ops"].concurrency, found["ops"].rate, found["ops"].timeout, found["ops"].max_age) == (
        4,
        2.5,
        5,
        43200,
    )
    team = found["dev.team"]
    assert (team.concurrency, team.rate, team.timeout, team.max_age) == (1, 1.0, 20.0, 3600.0)
    assert team.ca_file == "conf/ca.pem"


def test_hooks_come_from_the_file_the_environment_or_a_file_of_their_own() -> None:
    """Each of the three sources gives the URL, stripped of the line end of a secret file."""
    hooks = {name: found.hook.reveal() for name, found in complete().destinations.items() if found.hook}
    assert hooks == {
        "ops": "https://chat.example.com/hooks/k3yk3yk3yk3yk3yk3yk3yk3yk3",
        "dev.team": ENVIRON["DEV_HOOK"],
        "third": FILES["third_hook"].strip(),
    }


def test_a_channel_over_rest_has_a_token_or_a_login() -> None:
    """The token or the password comes from any of the three sources; a user and an id need no team."""
    found = complete().destinations
    bot, person, by_id = found["bot"], found["person"], found["by-id"]
    assert (bot.rest, bot.server, bot.team, bot.channel) == (
        True,
        "https://chat.example.com/mattermost",
        "acme",
        "town-square",
    )
    assert bot.token == Secret("t0k3n-in-line")
    assert (person.login, person.password, person.token) == ("gate", Secret(ENVIRON["GATE_PASSWORD"]), None)
    assert by_id.token == Secret("t0k3n-of-a-file")
    assert not found["ops"].rest


def test_settings_do_not_show_secrets() -> None:
    """Printing settings is harmless, and encoding them fails instead of writing secrets."""
    found = complete()
    assert not [secret for secret in SECRETS if secret in repr(found) + str(found)]
    with pytest.raises(TypeError):
        msgspec.json.encode(found)


def test_the_environment_overrides_scalars() -> None:
    """A variable wins over the file, is read with the key's own rules, and counts as absent when empty."""
    environ = {
        "MATTERGATE_SERVER_LISTEN": "127.0.0.1:81",
        "MATTERGATE_SERVER_BODY_LIMIT": "1MB",
        "MATTERGATE_SERVER_DEPTH_LIMIT": "7",
        "MATTERGATE_CATALOG_RELOAD": "false",
        "MATTERGATE_DELIVERY_RATE": "1.5",
        "MATTERGATE_LOG_LEVEL": "error",
        "MATTERGATE_LOG_FORMAT": "",
        "MATTERGATE_PASSTHROUGH_SERVER": "https://chat.example.com",
        "MATTERGATE_CONFIG": "elsewhere.toml",
        "PATH": "/bin",
    }
    found = parse('[server]\nlisten = "nonsense"\n[log]\nformat = "json"\n', environ)
    assert found.server == tables.Server(listen=Address("127.0.0.1", 81), body_limit=1_000_000, depth_limit=7)
    assert (found.catalog.reload, found.delivery.rate, found.log.level, found.log.format) == (
        False,
        1.5,
        "error",
        "json",
    )
    assert found.passthrough == tables.Passthrough(server="https://chat.example.com")


def test_an_optional_table_is_there_when_the_file_or_the_environment_has_it() -> None:
    """Tracing is on with an empty table, and with a variable alone."""
    assert parse("[tracing]\n").tracing == tables.Tracing()
    assert parse("", {"MATTERGATE_TRACING_SAMPLE": "0.5"}).tracing == tables.Tracing(sample=0.5)


def test_faults_of_the_environment_name_the_variable() -> None:
    """Wrong values and unknown names of variables are faults behind those of the file."""
    environ = {
        "MATTERGATE_SERVER_LISTN": "x",
        "MATTERGATE_DELIVERY_CONCURRENCY": "many",
        "MATTERGATE_SERVER_GRACE": "20",
        "MATTERGATE_JOURNAL_URL": "mysql:x",
        "MATTERGATE_ZZZ": "x",
        "MATTERGATE_PASSTHROUGH_SERVER": "https://chat.example.com/hooks/k3yk3yk3yk3yk3yk3yk3yk3yk3",
    }
    found = faults_of("[server]\nx = 1\n", environ)
    assert found[0].startswith("conf/mattergate.toml:2: server.x: unknown key (known here: listen, admin, ")
    assert sorted(found[1:]) == [
        'environment: MATTERGATE_DELIVERY_CONCURRENCY: expected a whole number, at least 1, got "many"',
        'environment: MATTERGATE_JOURNAL_URL: names no store (write "sqlite:" and a path, '
        'such as "sqlite:/var/lib/mattergate/journal.db")',
        "environment: MATTERGATE_PASSTHROUGH_SERVER: is the URL of a webhook (leave out /hooks and what follows it)",
        "environment: MATTERGATE_SERVER_GRACE: '20' is not a duration: write a number and one of ms, s, m, h, d, w",
        "environment: MATTERGATE_SERVER_LISTN: unknown setting (did you mean MATTERGATE_SERVER_LISTEN?)",
        "environment: MATTERGATE_ZZZ: unknown setting (see the settings reference)",
    ]


def test_variables_of_kubernetes_and_of_secrets_are_not_unknown() -> None:
    """What Kubernetes sets for a Service of that name, and what an _env key names, is nobody's mistake."""
    environ = {
        "MATTERGATE_SERVICE_HOST": "10.0.0.1",
        "MATTERGATE_SERVICE_PORT_HTTP": "8080",
        "MATTERGATE_PORT": "tcp://10.0.0.1:8080",
        "MATTERGATE_PORT_8080_TCP_ADDR": "10.0.0.1",
        "MATTERGATE_ADMIN_SERVICE_PORT": "9090",
        "MATTERGATE_ADMIN_PORT_9090_TCP": "tcp://10.0.0.2:9090",
        "MATTERGATE_OPS_HOOK": ENVIRON["DEV_HOOK"],
    }
    assert parse('[destinations.ops]\nhook_env = "MATTERGATE_OPS_HOOK"\n', environ).destinations["ops"].hook
    assert faults_of("", {"MATTERGATE_PORT": "8080"}) == [
        "environment: MATTERGATE_PORT: unknown setting (see the settings reference)"
    ]


def test_readable_secrets_are_a_warning() -> None:
    """A file that everybody may read is fine without secrets in it, and worth a warning with one."""
    assert parse("[destinations.ops]\nhook_env = 'DEV_HOOK'\n", ENVIRON, mode=0o644).warnings == ()
    assert parse(OPS, mode=0o640).warnings == ()
    assert [str(warning) for warning in parse(OPS, mode=0o644).warnings] == [
        "conf/mattergate.toml:2: destinations.ops.hook: a secret in a file that everybody may read "
        "(chmod o-r the file, or move the secret to a variable or a file of its own)"
    ]


def test_load_reads_the_file_and_what_it_names(tmp_path: Path) -> None:
    """Relative paths start at the folder of the settings file, wherever the gateway is started."""
    (tmp_path / "ops").write_text(ENVIRON["DEV_HOOK"] + "\n")
    (tmp_path / "own.toml").write_bytes(b"\xef\xbb\xbf[destinations.ops]\r\nhook_file = 'ops'\r\n")
    found = settings.load(tmp_path / "own.toml", {})
    assert found.destinations["ops"].hook.reveal() == ENVIRON["DEV_HOOK"]
    assert found.journal.url == f"sqlite:{tmp_path}/mattergate.db"


def test_load_looks_at_the_permissions(tmp_path: Path) -> None:
    """The mode of the real file decides about the warning."""
    path = tmp_path / "mattergate.toml"
    path.write_text(OPS)
    path.chmod(0o644)
    assert len(settings.load(path, {}).warnings) == 1
    path.chmod(0o600)
    assert settings.load(path, {}).warnings == ()


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    """Absent files, folders and bytes that are no text are told as any other fault."""
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    texts = []
    for name in ("absent.toml", "bytes.toml", ""):
        with pytest.raises(SettingsError) as caught:
            settings.load(tmp_path / name, {})
        texts.append(str(caught.value).replace(str(tmp_path), "."))
    assert texts == [
        "./absent.toml: cannot be read: No such file or directory",
        "./bytes.toml: cannot be read: it is not UTF-8 text",
        f".: cannot be read: {os.strerror(21)}",
    ]


def test_the_reference_lists_every_key_with_a_text() -> None:
    """The reference has a row for each key that a complete file writes, and each row is filled in."""
    rows = settings.reference()
    assert all(row.type and row.text.endswith(".") for row in rows)
    assert len({(row.table, row.key) for row in rows}) == len(rows)
    by_key = {(row.table, row.key): row for row in rows}
    assert by_key["server", "listen"] == (
        "server",
        "listen",
        "an address",
        '"0.0.0.0:8080"',
        "Where senders reach the gateway; port 0 lets the system choose.",
    )
    defaults = {key: by_key[key].default for key in by_key}
    assert defaults["server", "body_limit"] == '"5MB"'
    assert defaults["server", "depth_limit"] == "64"
    assert defaults["delivery", "rate"] == "0"
    assert defaults["destinations.NAME", "timeout"] == "that of [delivery]"
    assert defaults["routes.NAME", "service"] == "(required)"
    assert defaults["routes.NAME", "secrets"] == "[]"
    assert {key for table, key in by_key if table == "destinations.NAME"} >= {
        *("hook", "hook_env", "hook_file", "token", "token_env", "token_file"),
        *("server", "team", "channel", "login", "password", "password_env", "password_file"),
    }
    assert by_key["routes.NAME", "secrets_env"].type == "a list of names of environment variables"


def test_the_defaults_of_the_reference_are_valid_toml_and_the_defaults() -> None:
    """Copying every default of the fixed tables into a file changes nothing."""
    lines: dict[str, list[str]] = {}
    for row in settings.reference():
        if "NAME" not in row.table and row.table != "passthrough" and row.default:  # a secret has none
            lines.setdefault(row.table, []).append(f"{row.key} = {row.default}")
    text = "\n".join(f"[{table}]\n" + "\n".join(rows) for table, rows in lines.items())
    plain = parse("[tracing]\n")
    assert msgspec.structs.replace(parse(text), source=plain.source) == plain


def test_variables_are_derived_from_the_scalars_of_the_fixed_tables() -> None:
    """Lists and named tables have no variable."""
    names = tables.variables()
    assert names["MATTERGATE_JOURNAL_MAX_SIZE"] == ("journal", "max_size")
    assert names["MATTERGATE_PASSTHROUGH_SERVER"] == ("passthrough", "server")
    assert not [name for name in names if re.match("MATTERGATE_(ROUTES|DESTINATIONS)|.*(FOLDERS|SERVICES)$", name)]


def test_settings_are_frozen() -> None:
    """Nothing changes settings once they are read."""
    with pytest.raises(AttributeError):
        complete().server.listen = Address("x", 1)  # type: ignore[misc]


def test_short_ids_in_a_misplaced_url_are_masked() -> None:
    """What looks like a hook URL is masked in a fault even though it never became a Secret."""
    text = faults_of('[destinations]\n"https://chat.example.com/hooks/abc123" = 1\n')[0]
    assert "abc123" not in text
    assert redact("abc123") == "abc123"


@pytest.mark.parametrize(("text", "problem"), [("a = " + "[" * 9999, "too deeply"), ("a = " + "1" * 5000, "digits")])
def test_what_the_parser_itself_stumbles_over_is_a_fault(text: str, problem: str) -> None:
    """Nesting without end and numbers without end are faults of the file like any other."""
    [fault] = faults_of(text)
    assert fault.startswith("conf/mattergate.toml: not TOML: ")
    assert problem in fault
