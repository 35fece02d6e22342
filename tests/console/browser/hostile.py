"""Texts that would do harm if anything of a page took them for more than texts; scripts in them call `ran()`."""

from typing import Final

from gateway.model import JSON

TEXTS: Final = (
    "<script>ran('a tag')</script>",
    "</script></title></textarea></style></pre><script>ran('after an end')</script>",
    "--><img src=x onerror=ran('an_image')><svg onload=ran('a_drawing')>",
    "\"'><a href=javascript:ran('html')>a</a><iframe srcdoc='<script>parent.ran(1)</script>'></iframe>",
    '" onmouseover="ran(\'mouse\')" autofocus onfocus="ran(\'focus\')" style="position:fixed" x="',
    "[script](javascript:ran('link')) [SCRIPT](JaVaScRiPt&colon;ran('entity'))",
    "[data](data:text/html,<script>ran('data')</script>)",
    "![seen](http://tracker.invalid/seen.png) <javascript:ran('autolink')> javascript:ran('bare')",
    "<base href=http://elsewhere.invalid/><meta http-equiv=refresh content=0;url=http://elsewhere.invalid/>",
    "<form action=http://elsewhere.invalid/><input name=csrf><style>main { display: none }</style>",
    "{{ 7 * 7 }} {% raw %} ${ran('template')} <%= ran %> {{ visitor.csrf }}",
    "\u202etxt.exe \u2067 right to left",
    "W" * 400,
    "line\r\nbreak\ttab \u2028 \ufeff \U0001f4a5",
)

ALL: Final = " ".join(TEXTS)
"""Every one of them in one text."""

_WORDS: Final = frozenset(
    "body comment commit content description displayName display_name email footer fallback full_name key label login "
    "message msg name path path_with_namespace pretext ref reason released summary text title user user_name username "
    "value alertname instance severity author_name author branch culprit project".split()
)
"""Keys under which services write what people typed."""


def in_words(value: JSON, text: str = ALL, key: str = "") -> JSON:
    """The value with `text` wherever people write; its form stays, so that translators still speak for it."""
    if isinstance(value, dict):
        return {name: in_words(one, text, name) for name, one in value.items()}
    if isinstance(value, list):
        return [in_words(one, text, key) for one in value]
    return f"{value} {text}" if isinstance(value, str) and key in _WORDS else value


def everywhere(value: JSON, text: str = ALL) -> JSON:
    """The value with `text` in every text that it has, also where a name, a URL or a time should be."""
    if isinstance(value, dict):
        return {f"{name}{text[:40]}" if name == "extra" else name: everywhere(one, text) for name, one in value.items()}
    if isinstance(value, list):
        return [everywhere(one, text) for one in value]
    return text if isinstance(value, str) else value


MESSAGE: Final = {
    "username": ALL,
    "icon_url": "javascript:ran('icon')",
    "channel": ALL[:60],
    "text": ALL,
    "priority": {"priority": ALL},
    "props": {"card": ALL},
    "attachments": [
        {
            "color": "red;background:url(http://tracker.invalid/)\" onload=\"ran('colour')",
            "pretext": ALL,
            "author_name": ALL,
            "author_link": "javascript:ran('author')",
            "author_icon": "http://tracker.invalid/icon.png",
            "title": ALL,
            "title_link": "data:text/html,<script>ran('title')</script>",
            "text": ALL,
            "image_url": "http://tracker.invalid/image.png",
            "thumb_url": "vbscript:ran",
            "footer": ALL,
            "fields": [{"title": ALL, "value": ALL, "short": True}, {"title": "W" * 300, "value": "W" * 300}],
            "actions": [
                {"name": ALL[:80], "style": '"><script>ran(1)</script>', "integration": {"url": "http://x.invalid"}}
            ],
        }
    ],
}
"""A message for Mattermost, hostile in every field."""
