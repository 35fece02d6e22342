"""The page on which a request is tried: what its form holds, and the edited document as a file."""

import json

import pytest

from gateway.console.pages.tryout import shown
from tests.console.markup import Found
from tests.console.person import Person, send

BODY = json.dumps({"kind": "item", "box": "a", "number": 1})
FORM = {"service": "items", "body": BODY, "headers": "content-type: application/json"}


async def submit(shared, path: str = "/try", **form: str):
    """Send the form as the page does."""
    await shared.get("/catalog")
    return await shared.post(path, {**FORM, **form})


async def test_the_empty_form_tries_nothing(shared):
    """It offers services, routes and what came in lately."""
    event_id = await send(Person(shared), "recent")
    page = Found((await shared.get("/try")).text)
    options = [value for tag, name, value in page.attributes if (tag, name) == ("option", "value")]
    assert {"", "items", "github"} <= set(options)
    assert event_id in page.text or any(event_id in value for _, _, value in page.attributes)
    assert "items/item" not in page.text


async def test_the_form_keeps_what_was_typed(shared):
    """With its result below it, and without the result alone."""
    page = await submit(shared)
    assert ("option", "value", "items") in Found(page.text).attributes
    assert '"box": "a"' in Found(page.text).text
    alone = await submit(shared, "/try/result")
    assert "<html" not in alone.text
    for answer in (page, alone):
        assert "a 1" in Found(answer.text).text


async def test_lines_of_browsers_are_plain_lines(shared):
    """CR LF of a form is one line end in headers, body and document."""
    document = "title: An item\r\nevents: [item]\r\nmessage:\r\n  text: |\r\n    edited\r\n    twice\r\n"
    answer = await submit(
        shared, "/try/result", headers="content-type: text/plain\r\nx-a: 1", document=document, translator="item"
    )
    assert "expected “Name: value”" not in answer.text
    assert "edited" in Found(answer.text).text


async def test_the_editor_is_filled_on_request(shared):
    """With the translator that spoke; what is edited already stays."""
    page = await submit(shared, "/try?edit")
    assert "title: An item" in Found(page.text).text
    assert ("input", "value", "item") in Found(page.text).attributes
    page = await submit(shared, "/try?edit", document="title: mine", translator="item")
    assert "title: mine" in Found(page.text).text


@pytest.mark.parametrize(
    ("translator", "name"),
    [("item", "item"), ("items/item", "item"), ("../../etc/passwd", "passwd"), ('a"; x="b', "a_x_b"),
     ("ÜBER item", "_ber_item"),
     ("", "translator"), ("\r\nX-Evil: 1", "_x-evil_1")],
)  # fmt: skip
async def test_the_edited_document_is_a_file_of_a_harmless_name(shared, translator, name):
    """Whatever the translator is called, the header holds letters, digits and signs that mean nothing."""
    answer = await submit(shared, "/try/document", document="title: mine\r\n", translator=translator)
    assert (answer.status, answer.body, answer.headers["Content-Type"]) == (200, b"title: mine\n", "application/yaml")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}.yaml"'
    assert "X-Evil" not in answer.headers


def test_a_message_is_shown_as_seen_and_as_it_travels():
    """The JSON is indented; a card says that it is one."""
    post = shown({"text": "hello"}, card=True)
    assert (post.json, post.card) == ('{\n  "text": "hello"\n}', True)
    assert not shown({"text": "hello"}).card
