"""HTML as Markdown, by the library markdownify, and as plain text."""

import re
from typing import Final

from bs4 import BeautifulSoup, Comment
from markdownify import MarkdownConverter
from minijinja import Markup

from gateway.mattermost.mentions import silent
from gateway.model import JSON
from gateway.translate.functions.coerce import count_of, text_of
from gateway.translate.functions.registry import Example, function
from gateway.translate.functions.text import shorten
from gateway.translate.functions.thirdparty import tidy
from gateway.translate.functions.weave import DEFAULT_LENGTH

_MAX_HTML: Final = 20_000
_MAX_TAGS_DEEP: Final = 100
_DROPPED: Final = ("script", "style", "head", "title", "template", "noscript", "iframe", "object", "svg")
_TAG = re.compile(r"<(/?)([a-zA-Z][\w-]*)[^<>]*?(/?)>")
_VOID: Final = frozenset("area base br col embed hr img input link meta source track wbr p li td tr th dt dd option".split())
_BREAKS = re.compile(r"[ \t]*\n\s*\n\s*")
