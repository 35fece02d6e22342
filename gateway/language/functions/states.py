"""The states of all services: their words, phases and colours, and the words that senders have for them.

Colours and words are the product's, not the vendors': a failed build, alert and payment look alike.
"""

import re
from collections.abc import Mapping
from typing import Final

from gateway.language.functions.coerce import text_of
from gateway.language.functions.markup import Markup
from gateway.language.functions.registry import Example, function
from gateway.model import JSON

_BLUE, _GREY = "#2f81f7", "#6e7781"
TONES: Final[Mapping[str, str]] = {
    "started": _BLUE, "waiting": _GREY, "done": "good", "failed": "danger", "warned": "warning", "gone": _GREY,
}  # fmt: skip
"""What a state means for its reader, and the colour of an attachment (contract 2) that says so."""

STATES: Final[Mapping[str, tuple[str, str]]] = {
    "opened": ("open", "started"),
    "reopened": ("open", "warned"),
    "closed": ("close", "done"),
    "merged": ("close", "done"),
    "closed without merging": ("close", "gone"),
    "deleted": ("close", "gone"),
    "draft": ("change", "gone"),
    "published": ("change", "done"),
    "approved": ("change", "done"),
    "rejected": ("change", "failed"),
    "waiting": ("change", "waiting"),
    "started": ("change", "started"),
    "succeeded": ("change", "done"),
    "fixed": ("change", "done"),
    "failed": ("change", "failed"),
    "unstable": ("change", "warned"),
    "cancelled": ("change", "gone"),
    "skipped": ("change", "gone"),
    "firing": ("open", "failed"),
    "warning": ("open", "warned"),
    "acknowledged": ("change", "warned"),
    "silenced": ("change", "gone"),
    "resolved": ("close", "done"),
}
"""The states: word, the phase of a subject in it, and its tone."""

_ICONS: Final[Mapping[str, str]] = {
    "started": "large_blue_circle", "waiting": "white_circle", "done": "large_green_circle", "failed": "red_circle",
    "warned": "large_yellow_circle", "gone": "white_circle",
}  # fmt: skip
"""Names of Mattermost's emoji."""

_WORDS: Final[Mapping[str, str]] = {
    "done": "success successful succeeded succeed passed pass passing fixed ok okay green up healthy available "
    "online resolved recovered recovery closed_ok normal cleared complete completed done finished "
    "approved published deployed active operational good delivered paid accepted ready inactive_alert "
    "true merged merge released release promoted purple",
    "failed": "failure failed fail failing error errored broken critical crit fatal emergency emerg alert alerting "
    "firing triggered down offline unhealthy unavailable outage major_outage major red rejected denied "
    "danger blocker highest p1 sev1 timed_out timeout timedout crashed crash startup_failure nok alarm "
    "disaster high severe declined bounced changes_requested still_failing not_responding reporting_error "
    "page false",
    "warned": "warning warn degraded degraded_performance partial_outage unstable trouble minor medium moderate p2 "
    "p3 sev2 sev3 action_required acknowledged ack unknown no_data nodata insufficient_data yellow "
    "average flaky under_maintenance maintenance delayed stale attention partially_failed partial "
    "unresolved expiring identified investigating monitoring reopened",
    "started": "info information informational notice low lowest p4 p5 sev4 sev5 running in_progress inprogress "
    "started starting building deploying created new open opened "
    "processing preparing trivial update updated edited synchronize debug verbose "
    "active_build blue",
    "waiting": "pending queued waiting scheduled requested todo",
    "gone": "closed canceled cancelled cancel aborted abort skipped skip neutral stopped stop deleted removed "
    "disabled paused draft archived superseded not_built notbuilt expired ignored muted silenced "
    "suppressed inactive none wont_fix wontfix dismissed gray grey manual",
}
"""The words of senders (CI, alerts, issues, monitors) by the tone that they have where no document says more."""
_BY_WORD: Final = {word: tone for tone, words in _WORDS.items() for word in words.split()}
_UNKNOWN: Final = "gone"
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SEPARATORS = re.compile(r"[\s_.\-/:]+")


def spelled(text: str) -> str:
    """A word in one spelling: "in_progress" for "InProgress", "in-progress" and "IN PROGRESS"."""
    return "_".join(_words(text))


def _words(text: str) -> list[str]:
    return [word for word in _SEPARATORS.split(_CAMEL.sub("_", text[:200].strip()).lower()) if word]


def tone_of(value: JSON) -> str:
    """The tone of a state word in any spelling, "" if nobody knows it.

    Of several words the last known one decides: "build failed", "pull_request.merged".
    """
    text = text_of(value)[:200].strip()
    words = _words(text)
    whole = _BY_WORD.get("_".join(words)) or _BY_WORD.get(text.lower())
    known = (_BY_WORD[word] for word in reversed(words) if word in _BY_WORD)
    return whole or next(known, "")


def known_color(value: JSON) -> str | None:
    """The colour of a state word; None if nobody knows it."""
    return TONES.get(tone_of(value))


@function(
    doc="The attachment colour for a state or severity word of CI, alerts and issues; grey for unknown words.",
    examples=[
        Example("{{ status | severity_color }}", {"status": "firing"}, "danger"),
        Example("{{ status | severity_color }}", {"status": "Build succeeded"}, "good"),
        Example("{{ status | severity_color }}", {"status": "queued"}, "#6e7781"),
    ],
)
def severity_color(value: JSON) -> JSON:
    """See the registration."""
    return TONES[tone_of(value) or _UNKNOWN]


@function(
    plain=lambda _: "",
    doc="The emoji of a state or severity word.",
    examples=[Example("{{ status | severity_icon }}", {"status": "resolved"}, ":large_green_circle:")],
)
def severity_icon(value: JSON) -> JSON:
    """See the registration."""
    return Markup(f":{_ICONS[tone_of(value) or _UNKNOWN]}:")
