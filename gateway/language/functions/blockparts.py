"""The parts of Slack's blocks: text objects, and elements such as pictures, buttons and menus, as Markdown.

Controls that work only in Slack (buttons without a link, menus) are shown as code: they must not look like links.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from gateway.language.functions.coerce import list_of, text_of
from gateway.language.functions.markdown import code_span, link_to, safe_url
from gateway.language.functions.mrkdwn import to_markdown
from gateway.language.functions.richtext import literal, rich_text
from gateway.language.functions.text import shorten
from gateway.model import JSON

TEXT_LENGTH: Final = 40_000
"""Characters of one text that are looked at: Slack allows 3,000 in a section, and 12,000 in a markdown block."""
SHORT: Final = 10_000
"""Characters of a field or an element beside others that are looked at: Slack allows 2,000 and 3,000."""

_CHOICES: Final = ("overflow", "radio_buttons", "checkboxes")
"""Controls whose options are all in sight, or one click away."""
_INITIAL: Final = ("initial_value", "initial_date", "initial_time", "initial_user", "initial_channel")

Block = Mapping[str, JSON]


def text_object(value: JSON, most: int = TEXT_LENGTH) -> str:
    """A text object as Markdown; a bare string, which Slack would refuse but senders try, counts as mrkdwn."""
    if isinstance(value, dict):
        words = shorten(text_of(value.get("text")), most)
        return literal(words) if value.get("type") == "plain_text" else to_markdown(words)
    return to_markdown(shorten(value, most)) if isinstance(value, str) else ""


def words(value: JSON) -> str:
    """The bare text of a text object, or of a key that holds text without one."""
    text = value.get("text") if isinstance(value, dict) else value
    return shorten(text_of(text), 200) if isinstance(text, str) else ""


def rich(value: JSON) -> str:
    """A rich text entity, or a bare text where one belongs."""
    return rich_text(value) if isinstance(value, dict) else text_object(value)


def part_of(value: JSON, key: str) -> JSON:
    """The value under a key of an object; None for anything else."""
    return value.get(key) if isinstance(value, dict) else None


def lines_of(parts: Sequence[str]) -> str:
    """The parts that are not blank, each on lines of its own."""
    return "\n".join(part for part in parts if part.strip())


def beside(parts: Sequence[str], join: str) -> str:
    """Parts side by side, below each other where one is a block of code: a fence has its lines for itself."""
    shown = [part for part in parts if part.strip()]
    return ("\n" if any("```" in part for part in shown) else join).join(shown)


def bold_line(markdown: str) -> str:
    """Markdown on one bold line, also where its author made some of it bold."""
    line = " ".join(markdown.replace("**", "").split())
    return f"**{line}**" if line else ""


def row(block: Block, join: str) -> str:
    """Elements side by side; a picture beside text is decoration and is dropped."""
    elements = [one for one in list_of(block.get("elements"))[:25] if isinstance(one, dict)]
    worded = [one for one in elements if one.get("type") != "image"]
    return beside([element(one) for one in worded or elements], join)


def element(value: JSON) -> str:
    """A text, a picture, a button or another control: as a link if it has a URL, else as its label."""
    if not isinstance(value, dict):
        return ""
    kind = value.get("type")
    if kind in ("mrkdwn", "plain_text"):
        return text_object(value, SHORT)
    if kind == "image":
        return link_to(literal(text_of(value.get("alt_text")) or "image"), picture_url(value))
    if kind == "feedback_buttons":
        return beside([element(value.get("positive_button")), element(value.get("negative_button"))], " · ")
    if kind in _CHOICES:
        return _choice(value)
    label = words(value.get("text")) or words(value.get("placeholder")) or _initial(value)
    url = text_of(value.get("url")) or _trigger_url(value)
    return link_to(literal(label), url) if safe_url(url) else code_span(label)


def _choice(control: Block) -> str:
    """The options of a control; one that is chosen already is marked."""
    chosen = [words(option.get("text")) for option in _initial_options(control)]
    shown = []
    for option in list_of(control.get("options"))[:10]:
        label = element(option)
        shown.append(f"**{label}**" if label and words(part_of(option, "text")) in chosen else label)
    return beside(shown, " · ")


def _initial(control: Block) -> str:
    """What a menu or an input holds from the start."""
    options = [words(option.get("text")) for option in _initial_options(control)]
    given = [control.get(key) for key in _INITIAL]
    values = [text_of(value) for value in given if isinstance(value, str | int)]
    return shorten(", ".join(word for word in [*options, *values] if word), 200)


def _initial_options(control: Block) -> list[Block]:
    options = [control.get("initial_option"), *list_of(control.get("initial_options"))]
    return [option for option in options[:10] if isinstance(option, dict)]


def _trigger_url(control: Block) -> str:
    """The address at which a button starts a workflow."""
    return text_of(part_of(part_of(control.get("workflow"), "trigger"), "url"))


def picture_url(picture: Block) -> str:
    """The address of a picture; one of Slack's own files opens for its members only."""
    return text_of(picture.get("image_url")) or text_of(part_of(picture.get("slack_file"), "url"))
