"""The close reading of callbacks: every template is read, with what it sees there."""

import pytest

from tests.callbacks.conftest import problems

DOCUMENT = """
title: It acts
answers: [action, dialog]
input: {context: {incident: text}}
settings: {zone: eu}
let: {who: "{{ user.name }}"}
request:
  url: "https://api.example.com/{{ context.incident | urlencode }}"
  headers: {A: "{{ secrets.a }} {{ settings.zone }}"}
  query: {a: "{{ who }}"}
  json: {color: x, a: [{each: mentions, as: one, when: name, item: "{{ id }} {{ one.name }}"}, "{{ mentions | first}}"]}
  answer: {number: text}
reply:
  - {when: answer.status == 200, message: {attachments: [{title: "{{ answer.json.number }} {{ answer.headers.x }}"}]}}
  - {errors: {a: "{{ submission.x }}"}, options: [{each: words, item: {text: "{{ item }}"}}]}
failure: {message: {text: "{{ problem }} {{ answer.json.error }} {{ answer.text }}"}}
dialog: {title: "{{ text }}", fields: [{name: a, label: "{{ option }}"}]}
"""


def test_what_is_there_is_known():
    """Every name that templates see at their places."""
    assert problems(DOCUMENT) == []


@pytest.mark.parametrize(
    ("right", "wrong", "place"),
    [
        ("{{ user.name }}", "{{ user.nme }}", "6 let/who: `user` has no key `nme`"),
        ("{{ context.incident |", "{{ context.incidnt |", "8 request/url: `context` has no key `incidnt`"),
        ("{{ who }}", "{{ woh }}", "10 request/query/a: nothing here is called `woh`"),
        ("{{ one.name }}", "{{ one.nme }}", "11 request/json/a/0/item: `one` has no key `nme`"),
        (
            "answer.json.number }}",
            "answer.json.nmber }}",
            "14 reply/0/message/attachments/0/title: ",
        ),
        ("answer.status ==", "answr.status ==", "14 reply/0/when: nothing here is called `answr`"),
        ("{{ item }}", "{{ problem }}", "15 reply/1/options/0/item/text: nothing here is called `problem`"),
        ("{{ option }}", "{{ answer }}", "17 dialog/fields/0/label: nothing here is called `answer`"),
    ],
)
def test_what_nobody_knows_is_told(right, wrong, place):
    """With its line."""
    (found,) = problems(DOCUMENT.replace(right, wrong))
    assert place in found
