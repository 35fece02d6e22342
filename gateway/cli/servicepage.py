"""The page of a service in Markdown: its messages, the steps in the sender, events, filters and proof."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from gateway.console.catalog import CONFIDENCE, Example, ServicePage
from gateway.model import JSON

_PATHS: Final = 30
"""Paths of payloads that the page lists."""


def markdown(page: ServicePage, examples: Sequence[Example]) -> str:
    """The page; examples are shown as what they say, without colours."""
    parts = [
        [f"# {page.name}", page.docs],
        [f"Service `{page.key}`, about {page.topic}. {page.confidence.capitalize()}: {CONFIDENCE[page.confidence]}."],
        _examples(examples),
        ["## In the gateway", *_route(page)],
        [f"## In {page.name}", f"```text\n{page.setup}\n```", *_body(page)],
        ["## Proof", "A request is authentic with one of:", _list(page.proofs)],
        _events(page),
        _filters(page),
        _callbacks(page),
    ]
    return "\n\n".join(text for part in parts for text in part if text) + "\n"


def _examples(examples: Sequence[Example]) -> Iterator[str]:
    if examples:
        yield "## What its messages look like"
        yield "\n\n---\n\n".join("\n>\n".join(map(_message, one.messages)) for one in examples)


def _message(message: JSON) -> str:
    """A message as a quote, a paragraph for each text of it."""
    paragraphs = [message.get("text"), *(text for one in message.get("attachments", ()) for text in _attachment(one))]
    lines = "\n\n".join(str(text) for text in paragraphs if text).splitlines()
    return "\n".join(f"> {line}".rstrip() for line in lines)


def _attachment(one: JSON) -> Iterator[str]:
    """The texts of an attachment: what stands above it, author, title, text, fields and footer."""
    title = one.get("title", "")
    yield from (one.get("pretext", ""), one.get("author_name", ""))
    yield f"**[{title}]({one['title_link']})**" if one.get("title_link") else f"**{title}**" if title else ""
    yield one.get("text", "")
    yield from (f"{field['title']}: {field['value']}" for field in one.get("fields", ()))
    yield one.get("footer", "")


def _route(page: ServicePage) -> Iterator[str]:
    """The table of the settings, and the URL."""
    variable = f"{page.key.upper().replace('-', '_')}_SECRET"
    table = f'[routes.{page.key}]\nservice = "{page.key}"\ndestinations = ["ops"]\nsecrets_env = ["{variable}"]'
    yield f"```toml\n{table}\n```"
    url = f"https://gateway.example.com/in/{page.key}"
    yield f"Its URL is `{url}`, with your host; where the sender can do no more than call a URL, `{url}/SECRET`."


def _body(page: ServicePage) -> Iterator[str]:
    if page.body:
        yield "The body of its requests, to paste there:"
        yield f"```\n{page.body}\n```"


def _events(page: ServicePage) -> Iterator[str]:
    yield "## Events"
    if not page.translators:
        yield "Every event is shown by the generic translator."
        return
    rows = ((one.title, ", ".join(f"`{event}`" for event in one.events), f"`{one.name}`") for one in page.translators)
    yield _table(("what happened", "events", "translator"), rows)


def _filters(page: ServicePage) -> Iterator[str]:
    yield "## Filters"
    yield "`only` and `ignore` of a route take these events, with `*` and `?`."
    if page.ignored:
        yield f"Without a message, on purpose: {', '.join(f'`{one}`' for one in page.ignored)}."
    if page.tests:
        yield f"Tests, which `only` and `when` of a route let pass: {', '.join(f'`{one}`' for one in page.tests)}."
    if page.paths:
        yield "`when` and `channel` of a route can ask for `request.event` and, among others:"
        shown, more = page.paths[:_PATHS], max(0, len(page.paths) - _PATHS) + page.more_paths
        yield _table(("path", "type"), ((f"`{one.path}`", one.type) for one in shown))
        yield f"And {more} more: `mattergate services {page.key}`." if more else ""


def _callbacks(page: ServicePage) -> Iterator[str]:
    if page.callbacks:
        yield "## What chat can do there"
        rows = ((one.title, f"`{one.name}`", ", ".join(one.answers)) for one in page.callbacks)
        yield _table(("what it does", "callback", "answers"), rows)


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {one}" for one in items)


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; bars in cells are escaped."""
    every = [titles, ["---"] * len(titles), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in every)
