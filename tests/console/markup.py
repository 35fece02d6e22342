"""HTML read strictly: every tag, attribute and URL in it, so that tests can say what may be there."""

from html.parser import HTMLParser


class Found(HTMLParser):
    """Collects what a browser would see as markup: `tags`, (tag, attribute, value) as `attributes`, and text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag with its attributes."""
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += data

    def handle_comment(self, data: str) -> None:
        """No comment may come out of a payload."""
        self.tags.add("!--")

    def handle_decl(self, decl: str) -> None:
        """Nor a declaration."""
        self.tags.add("!")

    @property
    def urls(self) -> list[str]:
        """Where the links lead."""
        return [value for _, name, value in self.attributes if name == "href"]


def unexpected(html: str, tags: set[str], attributes: set[tuple[str, str]]) -> list[object]:
    """The tags, attributes and URLs that may not be there; links lead to the web or to a mail program only."""
    found = Found(html)
    wrong: list[object] = [tag for tag in found.tags if tag not in tags]
    wrong += [(tag, name) for tag, name, _ in found.attributes if (tag, name) not in attributes]
    return wrong + [url for url in found.urls if not url.lower().startswith(("http://", "https://", "mailto:"))]


HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "[x](javascript:alert(1))",
    "[x](  jAvAsCrIpT:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](java\tscript:alert(1))",
    "![x](javascript:alert(1))",
    "<javascript:alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox(1))",
    'https://x.example/"onmouseover="alert(1)',
    "<javascript:alert(1)|label>",
    '[x](https://x.example "title" onclick=alert(1))',
    '```"><script>alert(1)</script>\nx\n```',
    "|a|\n|:-:|\n|<b onclick=alert(1)>|",
    "{{ 7 * 7 }} {% raw %} {# x #}",
    "javascript:alert(1)",
    "</article></main><form action=//evil.example>",
    "<!-- --><![CDATA[x]]>",
)
