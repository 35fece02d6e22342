"""Later answers of services: by the URL of one act, or the conversation that they name."""

from tests.acts.conftest import TOKEN
from tests.conftest import eventually

TALK = """
title: Talk
answers: outgoing
request: {url: "{{ settings.url }}/talk", json: {text: "{{ text }}", session: "{{ conversation }}"}}
reply: {to: nothing}
later:
  conversation: "{{ answer.json.session }}"
  answer: {session: text, said: text}
  reply: {message: {text: "{{ answer.json.said }}"}}
"""


async def asked(made, text="ask what?", path="/ask"):
    """What the service was asked, after somebody has said something in ~ops."""
    before = len(made.outside.paths(path))
    made.standin.say("ann", "ops", text)
    await eventually(lambda: len(made.outside.paths(path)) > before)
    return made.outside.paths(path)[-1]


async def ready(world, **documents):
    """A gateway whose bot answers later."""
    made = await world(table='bot = "helper"', **documents)
    made.standin.add_outgoing(f"{made.url}/out/pager", "ask", token=TOKEN, content_type="application/json")
    return made


async def test_an_answer_at_the_url_of_an_act_appears_where_it_was_asked(world) -> None:
    """Once however often it is sent, also after a restart; another one appears, too."""
    made = await ready(world)
    url = (await asked(made))["later"]
    assert url.startswith(f"{made.url}/reply/")
    await eventually(lambda: made.texts()[-1] == "as you wish")
    path = url.removeprefix(made.url)
    first = await made.post(path, {"said": "it is done"})
    assert first[0] == 200
    assert await made.post(path, {"said": "it is done"}) == first
    await eventually(lambda: "it is done" in made.texts())
    assert (await made.post(path, {"said": "and more"}))[0] == 200
    await eventually(lambda: "and more" in made.texts())
    assert made.texts()[1:] == ["as you wish", "it is done", "and more"]
    assert {post.channel_id for post in made.standin.posts} == {made.standin.posts[0].channel_id}


async def test_what_is_no_answer(world) -> None:
    """A forged URL, another method, a body that its document does not take: refused, and nothing is posted."""
    made = await ready(world, **{"callbacks/talk.yaml": TALK.replace("answers: outgoing", "answers: message")})
    url = (await asked(made))["later"].removeprefix(made.url)
    await eventually(lambda: made.texts()[-1] == "as you wish")
    posts = len(made.standin.posts)
    assert (await made.post(url[:-3] + "abc", {"said": "x"}))[0] == 401
    assert (await made.post("/reply/nobody", {"said": "x"}))[0] == 401
    assert (await made.session.get(made.url + url)).status == 405
    assert (await made.post("/reply/pager", {"said": "x", "session": "u.c.forged"}))[0] == 401
    assert (await made.post("/reply/pager", {"said": "x"}))[0] == 401
    assert len(made.standin.posts) == posts


async def test_an_answer_that_names_its_conversation(world) -> None:
    """The same name for each question of a person in a channel; a wrong shape is told to the service."""
    made = await ready(world, **{"callbacks/ask.yaml": TALK.replace("/talk", "/ask")})
    session = (await asked(made))["session"]
    assert (await asked(made, "ask again"))["session"] == session
    first = await made.post("/reply/pager", {"session": session, "said": "hello"})
    assert first[0] == 200
    assert await made.post("/reply/pager", {"session": session, "said": "hello"}) == first
    await eventually(lambda: made.texts()[-1] == "hello")
    status, answer = await made.post("/reply/pager", {"session": session, "sad": "x"})
    assert (status, "said" in str(answer)) == (422, True)
    assert made.texts().count("hello") == 1
    assert made.standin.posts[-1].channel_id == made.standin.posts[0].channel_id
