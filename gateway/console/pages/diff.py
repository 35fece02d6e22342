"""What the edited document of Try it would change: the last events of its service, before and after, side by side."""

from functools import partial
from typing import Final

from gateway.console import diff, tryout
from gateway.console.diff import Difference, Edit
from gateway.console.pages.tryout import TriedPosts, posts, trial_of
from gateway.console.web.page import Back, Page, Shown, Visit
from gateway.console.workshop import Workshop
from gateway.errors import Refused

PREVIEWED: Final = 20
"""Events that are shown side by side; of further ones their difference in lines."""


async def show(visit: Visit) -> Shown:
    """The differences that the document of the form would make."""
    wanted = trial_of(visit)
    if not wanted.document:
        raise Refused(400, "Nothing edited", "edit a translator first: Edit its translator, under Try it")
    tried = await tryout.tried(visit.console, visit.visitor, wanted)
    name = wanted.translator or tried.document.name.partition("/")[2] or "draft"
    edit = Edit(service=tried.service, translator=name.removeprefix(f"{tried.service}/"), document=wanted.document)
    found = await diff.compared(visit.console, edit)
    shown = await visit.console.part(Workshop).run(partial(_shown, found.changed[:PREVIEWED]))
    return Shown("diff.html", {"edit": edit, "found": found, "shown": shown})


def _shown(found: tuple[Difference, ...]) -> list[tuple[Difference, TriedPosts, TriedPosts]]:
    return [(one, posts(one.before), posts(one.after)) for one in found]


async def edit_first(_: Visit) -> Back:
    """A document to compare with is edited on another page."""
    return Back("/try")


PAGES: Final = (Page("GET", "/diff", edit_first), Page("POST", "/diff", show))
