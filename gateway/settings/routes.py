"""The routes: the table of each inbound URL, and what its keys must be together."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from gateway.secret import Secret
from gateway.settings.keys import DURATION, LINK, MOMENT, SIZE, doc
from gateway.settings.lines import meant
from gateway.settings.reader import TableReader

FILTERS: Final = ("only", "ignore", "when", "mute_until", "verbosity", "channel", "channels")
"""The keys that decide which events become messages, where, and how much of them shows."""


class RouteSettings(Struct, frozen=True, kw_only=True):
    """[routes.NAME]: the inbound URL /in/NAME. `verify` holds raw mappings; None leaves a key to service or server."""

    name: str
    service: Annotated[str, Meta(min_length=1), doc("The kind of sender: a folder of the catalog.")]
    destinations: Annotated[tuple[str, ...], Meta(min_length=1), doc("Where the messages go; at least one.")]
    secrets: Annotated[tuple[Secret, ...], doc("The secrets of the sender; several during a rotation.")] = ()
    allow_unsigned: Annotated[bool, doc("Whether requests are accepted without any proof of their sender.")] = False
    verify: Annotated[
        tuple[dict[str, Any] | str, ...], doc("How requests prove their sender, instead of the schemes of the service.")
    ] = ()
    only: Annotated[
        tuple[str, ...],
        Meta(min_length=1),
        doc("Names of the events to show (* and ? match); none: all. Tests of a service, such as ping, pass."),
    ] = ()
    ignore: Annotated[tuple[str, ...], Meta(min_length=1), doc("Names of the events to ignore (* and ? match).")] = ()
    when: Annotated[
        str | None,
        Meta(min_length=1),
        doc("A condition on the payload: events of which it does not hold are ignored. Tests of a service pass."),
    ] = None
    mute_until: Annotated[
        float | None, doc("Until then events are stored, but make no message; a date begins in UTC.", MOMENT)
    ] = None
    verbosity: Annotated[
        Literal["title", "summary", "full"],
        doc("How much of a message is posted: its linked title, no fields and one paragraph of each text, or all."),
    ] = "full"
    channel: Annotated[
        str | None,
        Meta(min_length=1),
        doc("The channel to post in, instead of the destination's; a template chooses one of `channels`."),
    ] = None
    channels: Annotated[
        tuple[str, ...],
        Meta(min_length=1),
        doc("The channels that a template in `channel` may choose; for another result the destination's is taken."),
    ] = ()
    username: Annotated[str | None, Meta(min_length=1), doc("The name shown above the message.")] = None
    icon_url: Annotated[str | None, doc("The picture shown beside the message.", LINK)] = None
    icon_emoji: Annotated[str | None, Meta(min_length=1), doc("The emoji shown instead of a picture.")] = None
    mentions: Annotated[
        bool, doc("Whether @names may notify people: those that documents write, and those in payloads.")
    ] = False
    strict: Annotated[bool, doc("Whether a payload that no translator understands is answered 422.")] = False
    body_limit: Annotated[int | None, Meta(ge=1), doc("The largest body of this route.", SIZE, "server")] = None
    duplicate_window: Annotated[
        float | None, Meta(ge=0), doc("How long a repeated request counts as the same event.", DURATION)
    ] = None
    priority: Annotated[Literal["important", "urgent"] | None, doc("The priority label of the messages.")] = None
    requested_ack: Annotated[bool | None, doc("Whether readers are asked to acknowledge the messages.")] = None
    persistent_notifications: Annotated[
        bool | None, doc("Whether those mentioned in an urgent message are notified until they acknowledge.")
    ] = None
    silent: Annotated[bool | None, doc("Whether the messages come without notifications (by webhook only).")] = None
    card: Annotated[
        Literal["update", "thread", "both"] | None,
        doc("What later events of a subject do over REST: edit its post, reply in its thread, or both."),
    ] = None


def read_routes(reader: TableReader, raw: Mapping[str, Any], destinations: tuple[str, ...]) -> dict[str, RouteSettings]:
    """Read the routes by name; `destinations` are the names of those that there are."""
    found = {}
    for name, table in reader.named("routes", raw):
        place = ("routes", name)
        values = reader.values(RouteSettings, table, place)
        goals = values.get("destinations", ("",))
        if not goals:
            reader.report.add((*place, "destinations"), "is empty", "name at least one destination")
        for index, goal in enumerate(goals):
            if goal and goal not in destinations:
                reader.report.add(
                    (*place, "destinations", index), f'"{goal}" is not a destination', meant(goal, destinations)
                )
            elif goal in goals[:index]:
                reader.report.add((*place, "destinations", index), "is named twice", "it would get each message twice")
        _check_channel(reader, values, place)
        if "service" in values and "destinations" in values:
            found[name] = RouteSettings(name=name, **values)
    return found


def _check_channel(reader: TableReader, values: Mapping[str, Any], place: tuple[str, ...]) -> None:
    """A channel that a template chooses needs the list of those that it may choose: payloads are the sender's."""
    chosen = is_template(values.get("channel") or "")
    if chosen and not values.get("channels"):
        remedy = 'name them: channels = ["ops-web", "ops-db"]'
        reader.report.add((*place, "channel"), "is a template, and nothing says which channels it may choose", remedy)
    elif values.get("channels") and not chosen:
        remedy = 'write one, such as channel = "ops-{{ labels.team }}", or leave out channels'
        reader.report.add((*place, "channels"), "is of no use: channel is no template that chooses one of them", remedy)


def is_template(text: str) -> bool:
    """Whether a value of the settings is a template, not a text."""
    return "{{" in text or "{%" in text
