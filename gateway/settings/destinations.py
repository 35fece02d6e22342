"""[delivery] and [destinations.NAME]: where messages go, with checks that the keys of a destination fit together.

A destination is an incoming webhook, or a channel that an account posts to over REST. The account has a token (of a
bot, or a personal access token), or logs in with a password.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

from msgspec import Meta, Struct
from msgspec.structs import asdict

from gateway.secret import Secret
from gateway.settings.keys import BASE_URL, DURATION, doc, is_http_url, spelling
from gateway.settings.lines import Place
from gateway.settings.proxies import settle_choice
from gateway.settings.reader import TableReader

_Positive = Meta(gt=0)
_HOOK = re.compile(r".*/hooks/[A-Za-z0-9]+")
_CHANNEL_ID = re.compile(r"[a-z0-9]{26}")
_WAYS: Final = "give hook alone, or server, team, channel and token"


class Pace(Struct, frozen=True, kw_only=True):
    """How fast and for how long something is tried. Times are seconds, `rate` is per second."""

    max_age: Annotated[
        float, _Positive, doc("How long a message is retried before it is dead.", DURATION, "delivery")
    ] = 86_400.0
    concurrency: Annotated[
        int, Meta(ge=1), doc("How many posts may be under way to one destination.", None, "delivery")
    ] = 8
    rate: Annotated[
        float, Meta(ge=0), doc("The most messages a second to one destination; 0 is no limit.", None, "delivery")
    ] = 0.0
    proxy: Annotated[
        Secret | None,
        doc(
            'The HTTP proxy on the way, http://HOST:PORT, or "none"; otherwise HTTPS_PROXY, HTTP_PROXY and NO_PROXY '
            "decide.",
            None,
            "delivery",
        ),
    ] = None


class DeliveryTable(Pace, frozen=True, kw_only=True):
    """[delivery]: defaults for every destination."""

    timeout: Annotated[float, _Positive, doc("How long one attempt may take.", DURATION, "delivery")] = 10.0


class AccountTable(DeliveryTable, frozen=True, kw_only=True):
    """An account at a Mattermost server, and how to reach that."""

    token: Annotated[Secret | None, doc("Over REST: the access token of a bot or user.")] = None
    login: Annotated[
        str | None, Meta(min_length=1), doc("Over REST, instead of a token: the name or e-mail address of a user.")
    ] = None
    password: Annotated[Secret | None, doc("The password of the login.")] = None
    ca_file: Annotated[
        str | None, doc("Certificates (PEM) to trust for this server, relative to the settings file.")
    ] = None


class DestinationSettings(AccountTable, frozen=True, kw_only=True):
    """[destinations.NAME]: either `hook`, or `server` with `channel` and either `token` or `login` and `password`.

    Missing keys of [delivery] have the values of that table.
    """

    name: str
    hook: Annotated[Secret | None, doc("The URL of the incoming webhook, https://HOST/hooks/ID.")] = None
    server: Annotated[
        str | None,
        Meta(min_length=1),
        doc("Over REST, instead of a hook: the Mattermost server, its SiteURL.", BASE_URL),
    ] = None
    team: Annotated[str | None, Meta(min_length=1), doc("Over REST: the team of the channel, as in its URL.")] = None
    channel: Annotated[
        str | None,
        Meta(min_length=1),
        doc(
            "The channel to post in: for a hook if it is not locked to one; over REST a name, @user for a direct "
            "message, or an id."
        ),
    ] = None

    @property
    def rest(self) -> bool:
        """Whether this is a channel over REST: posts can be edited, and have threads."""
        return self.hook is None


def read_delivery(reader: TableReader, raw: Mapping[str, Any]) -> DeliveryTable:
    """Read the table of defaults."""
    values = reader.values(DeliveryTable, raw, ("delivery",))
    settle_choice(reader, DeliveryTable, raw, values, ("delivery",))
    return DeliveryTable(**values)


def read_destinations(
    reader: TableReader, raw: Mapping[str, Any], delivery: DeliveryTable
) -> dict[str, DestinationSettings]:
    """Read the section; keys that do not fit together are faults in the report, which make the result invalid."""
    found = {}
    for name, table in reader.named("destinations", raw):
        place = ("destinations", name)
        values = reader.values(DestinationSettings, table, place)
        settle_choice(reader, DestinationSettings, table, values, place)
        reader.settle_file(values, "ca_file", place)
        if spelling(DestinationSettings, "hook", table):
            _check_hook(reader, table, values, place)
        else:
            _check_rest(reader, table, values, place)
        found[name] = DestinationSettings(name=name, **(asdict(delivery) | values))
    return found


def _check_hook(reader: TableReader, table: Mapping[str, Any], values: Mapping[str, Any], place: Place) -> None:
    for name in ("server", "team", "token", "login", "password"):
        if found := spelling(DestinationSettings, name, table):
            reader.report.add((*place, found), "belongs to a channel over REST, and a hook is given", _WAYS)
    if "hook" in values:
        url = values["hook"].reveal()
        if not (is_http_url(url) and _HOOK.fullmatch(url)):
            remedy = "it ends with /hooks/ and an id; copy it from Integrations, Incoming Webhooks"
            reader.report.add(
                (*place, spelling(DestinationSettings, "hook", table)), "is not the URL of an incoming webhook", remedy
            )


def _check_rest(reader: TableReader, table: Mapping[str, Any], values: Mapping[str, Any], place: Place) -> None:
    given = {
        name: spelling(DestinationSettings, name, table)
        for name in ("server", "team", "channel", "token", "login", "password")
    }
    if not any(found for name, found in given.items() if name != "channel"):
        reader.report.add(place, "neither hook nor server is given", _WAYS)
        return
    if not given["server"]:
        reader.report.add(place, "server is missing", 'write server = "https://chat.example.com", or give a hook alone')
    else:
        check_server(reader, values, place)
    if not given["channel"]:
        reader.report.add(place, "channel is missing", 'name a channel, "@user", or give the id of a channel')
    elif not given["team"] and not _known_without_team(values.get("channel", "@")):
        remedy = "write the team as in the URL of the channel, or give the id of the channel"
        reader.report.add(place, "team is missing for a channel that is named", remedy)
    check_account(reader, given, place)


def check_server(reader: TableReader, values: Mapping[str, Any], place: Place) -> None:
    """Check that the value of `server` is the address of a server alone."""
    if re.search(r"/(hooks|api)(/|$)", values.get("server", "")):
        remedy = "leave out /hooks or /api and what follows it"
        reader.report.add((*place, "server"), "is not the address of the server alone", remedy)


def check_account(reader: TableReader, given: Mapping[str, str], place: Place) -> None:
    """Check that either a token, or login and password are given; `given` are the names that they are written as."""
    token, login, password = given["token"], given["login"], given["password"]
    if token and (login or password):
        both = f"{token} and {login or password} are given together"
        reader.report.add((*place, login or password), both, "give either the token, or login and password")
    elif not (token or login or password):
        reader.report.add(place, "no account is given", "give the token of a bot, or login and password")
    elif login and not password:
        reader.report.add((*place, login), "login has no password", "give password, password_env or password_file")
    elif password and not login:
        reader.report.add((*place, password), "password has no login", "give login, the name of the user")


def _known_without_team(channel: str) -> bool:
    return channel.startswith("@") or _CHANNEL_ID.fullmatch(channel) is not None
