"""Terminal sequences in logs: colours, links and notes for programs, removed whole (ECMA-48; xterm's documentation).

A sequence that is cut off goes as far as it stands. One of the kinds that hold a text (OSC, DCS and the like) goes with
its text only if it ends: what nothing ends is shown, lest a single character hides the rest of a message.
"""

import re

_HELD = r"[^\x00-\x08\x0a-\x1f\x7f-\x9f]{0,4096}"
_SEQUENCE = re.compile(
    rf"""
      \x1b\[8mha:[A-Za-z0-9+/=]*(?:\x1b\[0m)?       # Jenkins' ConsoleNote: hidden, for its own log view
    | (?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?             # CSI: colours, the cursor, erasing
    | (?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f]){_HELD}(?:\x07|\x9c|\x1b\\)
    | \x1b(?:[ -/]+[0-~]?|[0-_c])?                  # character sets, keypads, the beginning of what never ends
    """,
    re.VERBOSE,
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_WRITTEN = re.compile(r"(?<!\\)((?:\\\\)*)\\u00([01][0-9a-f]|7f)")
_BEGINNING = re.compile(r"[\x1b\x90\x98\x9b\x9d-\x9f]")


def without_controls(text: str) -> str:
    """The text without terminal sequences and control characters but tab and line breaks.

    One of the controls marks absent values in the templates of the catalog.
    """
    if _CONTROLS.search(text) is None:
        return text
    if _BEGINNING.search(text) is not None:
        text = _SEQUENCE.sub("", text)
    return _CONTROLS.sub("", text)


def without_written_controls(text: str) -> str:
    """JSON text without the terminal sequences and controls that are written as escapes (001b and the like) in it."""
    if "\\u00" not in text:
        return text
    return without_controls(_WRITTEN.sub(lambda found: found[1] + chr(int(found[2], 16)), text))
