"""The page of what an edit changes."""

import json

from tests.conftest import ITEMS_TRANSLATOR
from tests.console.markup import Found
from tests.console.person import Person, send
from tests.console.test_diff import EDITED


async def test_the_page(shared):
    """The form of Try it leads to both messages side by side; without an edit it says what to do."""
    person = Person(shared)
    await send(person, "side", number=2)
    body = json.dumps({"kind": "item", "box": "a", "number": 1})
    form = [("service", "items"), ("translator", "item"), ("body", body)]
    status, _, html = await person.press("/diff", *form, ("document", EDITED))
    text = Found(html).text
    assert status == 200
    assert "side 2" in text
    assert "side two" in text
    assert "would be told otherwise" in text
    _, _, html = await person.press("/diff", *form, ("document", ITEMS_TRANSLATOR))
    assert "Nothing would change" in Found(html).text
    _, _, html = await person.press("/diff", *form, ("document", "title: ["))
    assert "cannot be used" in Found(html).text
    assert (await person.press("/diff", *form))[0] == 400
    assert (await shared.get("/diff")).headers["Location"].startswith("/try")
