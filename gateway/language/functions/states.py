"""One table from the words of senders (CI, alerts, issues, monitors) to a colour and an icon.

The colours are those of attachments (contract 2): good, warning, danger or a hex number.
"""

import re
from dataclasses import dataclass
from typing import Final

from gateway.language.functions.coerce import text_of
from gateway.language.functions.markup import Markup
from gateway.language.functions.registry import Example, function
from gateway.model import JSON


@dataclass(frozen=True, slots=True)
class Look:
    """How a kind of state looks: attachment colour, name of a Mattermost emoji, the words that mean it."""

    color: str
    icon: str
    words: str


_LOOKS: Final = (
    Look(
        "good",
        "large_green_circle",
        "success successful succeeded succeed passed pass passing fixed ok okay green up healthy available "
        "online resolved recovered recovery closed_ok normal cleared complete completed done finished "
        "approved published deployed active operational good delivered paid accepted ready inactive_alert "
        "true",
    ),
    Look(
        "danger",
        "red_circle",
        "failure failed fail failing error errored broken critical crit fatal emergency emerg alert alerting "
        "firing triggered down offline unhealthy unavailable outage major_outage major red rejected denied "
        "danger blocker highest p1 sev1 timed_out timeout timedout crashed crash startup_failure nok alarm "
        "disaster high severe declined bounced changes_requested still_failing not_responding reporting_error "
        "page false",
    ),
    Look(
        "warning",
        "large_yellow_circle",
        "warning warn degraded degraded_performance partial_outage unstable trouble minor medium moderate p2 "
        "p3 sev2 sev3 action_required acknowledged ack unknown no_data nodata insufficient_data yellow "
        "average flaky under_maintenance maintenance delayed stale attention partially_failed partial "
        "unresolved expiring identified investigating monitoring",
    ),
    Look(
        "#2f81f7",
        "large_blue_circle",
        "info information informational notice low lowest p4 p5 sev4 sev5 running in_progress inprogress "
        "started starting building deploying pending queued waiting requested created new open opened "
        "reopened todo scheduled processing preparing trivial update updated edited synchronize debug verbose "
        "active_build blue",
    ),
    Look(
        "#8250df",
        "large_purple_circle",
        "merged merge released release promoted purple",
    ),
    Look(
        "#6e7781",
        "white_circle",
        "closed canceled cancelled cancel aborted abort skipped skip neutral stopped stop deleted removed "
        "disabled paused draft archived superseded not_built notbuilt expired ignored muted silenced "
        "suppressed inactive none wont_fix wontfix dismissed gray grey manual",
    ),
)
_BY_WORD: Final = {word: look for look in _LOOKS for word in look.words.split()}
_UNKNOWN: Final = Look("#6e7781", "white_circle", "")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SEPARATORS = re.compile(r"[\s_.\-/:]+")


def look_of(value: JSON) -> Look:
    """The look of a state word in any spelling ("InProgress", "in-progress", "IN PROGRESS"); grey if nobody knows it.

    Of several words the last known one decides: "build failed", "pull_request.merged".
    """
    text = text_of(value)[:200].strip()
    words = [word for word in _SEPARATORS.split(_CAMEL.sub("_", text).lower()) if word]
    whole = _BY_WORD.get("_".join(words)) or _BY_WORD.get(text.lower())
    known = (_BY_WORD[word] for word in reversed(words) if word in _BY_WORD)
    return whole or next(known, _UNKNOWN)


@function(
    doc="The attachment colour for a state or severity word of CI, alerts and issues; grey for unknown words.",
    examples=[
        Example("{{ status | severity_color }}", {"status": "firing"}, "danger"),
        Example("{{ status | severity_color }}", {"status": "Build succeeded"}, "good"),
        Example("{{ status | severity_color }}", {"status": "merged"}, "#8250df"),
    ],
)
def severity_color(value: JSON) -> JSON:
    """See the registration."""
    return look_of(value).color


@function(
    plain=lambda _: "",
    doc="The emoji of a state or severity word.",
    examples=[Example("{{ status | severity_icon }}", {"status": "resolved"}, ":large_green_circle:")],
)
def severity_icon(value: JSON) -> JSON:
    """See the registration."""
    return Markup(f":{look_of(value).icon}:")
