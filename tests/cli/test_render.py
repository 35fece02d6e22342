"""`mattergate render`: what a request becomes."""

import gzip
import json

import pytest

ITEM = {"kind": "item", "box": "a", "number": 1}


def test_a_body_becomes_a_message(desk):
    """The service and its headers are named; the answer is JSON."""
    desk.write("body.json", json.dumps(ITEM))
    said = desk.plain("render", "body.json", "-s", "items", "--catalog", "catalog", "-H", "X-Any: thing")
    assert said.code == 0, said.text
    answer = json.loads(said.out)
    assert (answer["outcome"], answer["translator"], answer["subject"]) == ("message", "items/item", "a")
    assert answer["messages"] == [{"text": "a 1", "username": "Items"}]


def test_buttons_are_shown(desk):
    """As they are where their callbacks are alive; those of the card, too."""
    desk.write("e.json", '{"id": 7}')
    desk.write("own/jobs/service.yaml", "name: Jobs\ndocs: https://example.com/\nsetup: Nothing is to be set up.\n")
    desk.write("own/jobs/job.yaml", "title: A job\nevents: ['*']\ncard: job\nmessage: {text: '{{ id }}'}\n")
    action = "{name: Rerun, callback: other/rerun, context: {id: '{{ id }}'}}"
    desk.write("own/jobs/cards/job.yaml", f"title: A job\nmessage: {{text: '{{{{ id }}}}'}}\nactions: [{action}]\n")
    answer = json.loads(desk.plain("render", "e.json", "-s", "jobs", "--catalog", "own").out)
    assert answer["actions"] == [{"name": "Rerun", "callback": "other/rerun", "context": {"id": "7"}}]


def test_standard_input_and_other_bodies(desk):
    """`-` and nothing read it; the generic translator speaks where no service is named; headers count."""
    for arguments in (["-"], []):
        answer = json.loads(desk.plain("render", *arguments, stdin='{"title": "Disk full"}').out)
        assert (answer["translator"], answer["messages"][0]["attachments"][0]["title"]) == ("generic", "Disk full")
    packed = gzip.compress(json.dumps(ITEM).encode())
    options = ["-s", "items", "--catalog", "catalog", "--header", "Content-Encoding: gzip"]
    assert json.loads(desk.plain("render", *options, stdin=packed).out)["translator"] == "items/item"


def test_the_sender_is_recognised(desk):
    """Over all of the catalog, by headers and keys; why is said on standard error, and --service wins."""
    desk.write("push.json", '{"kind": "item", "box": "a", "number": 1}')
    said = desk.plain("render", "push.json", "--catalog", "catalog")
    assert json.loads(said.out)["translator"] == "items/item"
    assert said.err.startswith("recognised as items: ")
    said = desk.plain("render", "push.json", "-s", "generic", "--catalog", "catalog")
    assert json.loads(said.out)["translator"] == "generic"
    assert "recognised" not in said.err
    repository = {"full_name": "acme/web", "html_url": "https://github.com/acme/web"}
    ping = {"headers": {"X-GitHub-Event": "ping"}, "body": {"zen": "Keep it simple.", "repository": repository}}
    said = desk.plain("render", "--batch", stdin=json.dumps(ping))
    assert json.loads(said.out)["messages"][0]["username"] == "GitHub"


def test_the_payload_is_shown_as_templates_see_it(desk):
    """Decoded and unwrapped, with the kind of the body, and why a step of unwrap did nothing."""
    desk.write("body.xml", "<order id='7'><box>a</box></order>")
    options = ["-s", "generic", "--payload"]
    answer = json.loads(desk.plain("render", "body.xml", *options, "-H", "Content-Type: text/xml").out)
    assert (answer["body"], answer["payloads"]) == ("xml", [{"order": {"@id": "7", "box": "a"}}])
    assert "messages" not in answer
    desk.write("plain.json", "{}")
    service = "name: Jobs\ndocs: https://example.com/\nsetup: Nothing is to be set up.\nunwrap: [{pick: job}]\n"
    desk.write("own/jobs/service.yaml", service)
    desk.write("own/jobs/job.yaml", "title: A job\nevents: [job]\nmessage: {text: done}\n")
    answer = json.loads(desk.plain("render", "plain.json", "-s", "jobs", "--payload", "--catalog", "own").out)
    assert answer["unwrap"] == ["unwrap/0 (pick: $.job) did nothing: nothing is there"]
    assert "did nothing" in answer["reason"]


def test_xml_is_shown_in_the_shape_of_its_document(desk):
    """One child is a list of one where `input` has a list; an event that no document speaks for stays as it is."""
    service = "name: Shop\ndocs: https://example.com/\nsetup: Nothing is to be set up.\nevent: [{json: o.kind}]\n"
    desk.write("own/shop/service.yaml", service)
    shape = "input: {o: {item: [text], note: {by?: text}}}"
    desk.write(
        "own/shop/new.yaml", f"title: An order\nevents: [new]\n{shape}\nmessage: {{text: '{{{{ o.item[0] }}}}'}}\n"
    )
    shown = []
    for kind in ("new", "old"):
        desk.write("o.xml", f"<o><kind>{kind}</kind><item>Tea</item><note/></o>")
        options = ["-s", "shop", "--catalog", "own", "--payload", "-H", "Content-Type: text/xml"]
        shown += json.loads(desk.plain("render", "o.xml", *options).out)["payloads"]
    assert shown == [
        {"o": {"kind": "new", "item": ["Tea"], "note": {}}},
        {"o": {"kind": "old", "item": "Tea", "note": ""}},
    ]


def test_a_sample_knows_its_service(desk):
    """That of its folder, unless one is named."""
    file = desk.write(
        "catalog/items/samples/one.yaml", f"request: {{body: {json.dumps(ITEM)}}}\nexpect: {{outcome: message}}\n"
    )
    assert json.loads(desk.plain("render", file, "--catalog", "catalog").out)["translator"] == "items/item"
    assert json.loads(desk.plain("render", file, "-s", "generic").out)["translator"] == "generic"


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        (["body", "-s", "githib"], 2, "the catalog has no service 'githib'; did you mean \"github\"?"),
        (["body", "-H", "no colon"], 2, "-H 'no colon' is not a header"),
        (["body", "-H", ": no name"], 2, "is not a header"),
        (["nowhere.json"], 1, "nowhere.json: there is no such file"),
        (["catalog"], 1, "catalog: it is a folder"),
        (["bad.yaml"], 1, "bad.yaml:1: the key 'expect' is missing"),
        (["bytes.yaml"], 1, "bytes.yaml: it is not UTF-8 text"),
        (["body", "-s", "bad", "--catalog", "own"], 1, "own/bad/service.yaml"),
        (["body", "--batch"], 2, "--batch reads standard input"),
        (["--batch", "-s", "github"], 2, "--batch reads standard input"),
    ],
)
def test_bad_input_is_told(desk, arguments, code, part):
    """What is wrong, in a sentence, and an exit code that is not 0."""
    desk.write("body", "{}")
    desk.write("bad.yaml", "request: {body: ''}\n")
    desk.write("bytes.yaml", b"\xff\xfe")
    desk.write("own/bad/service.yaml", "name: Bad\n")
    said = desk.plain("render", *arguments)
    assert (said.code, said.out) == (code, "")
    assert part in said.err


def test_a_request_that_is_refused_is_a_failure(desk):
    """The answer says why, and the exit code is 1."""
    said = desk.plain("render", "-H", "Content-Encoding: gzip", stdin="not gzip")
    assert said.code == 1
    assert json.loads(said.out)["outcome"] == "refused"


def test_a_batch_answers_every_line(desk):
    """Each line of JSON has an answer with its case; blank lines have none."""
    cases = [
        {"case": "items/1", "service": "items", "method": "POST", "headers": {}, "query": {}, "body": json.dumps(ITEM)},
        {"case": 2, "service": "items", "body": ITEM, "something": "else"},
        {"service": "nosuch", "body": {"title": "x"}},
    ]
    lines = "\n\n".join(map(json.dumps, cases))
    said = desk.plain("render", "--batch", "--catalog", "catalog", stdin=lines)
    assert said.code == 0, said.err
    assert [line.get("case") for line in said.lines] == ["items/1", 2, None]
    assert [line["translator"] for line in said.lines] == ["items/item", "items/item", "generic"]
    assert said.lines[2]["reason"] == "the catalog has no service 'nosuch', the generic translator speaks"


def test_a_line_that_is_no_request_stops_no_other(desk):
    """Its answer says which line and why, the others are answered, and the exit code is 1."""
    good = json.dumps({"case": "good", "service": "items", "body": ITEM}).encode()
    bad = [b"not json", b"[1]", b'{"case": "bad", "headers": 5}', b'{"service": []}', b"\xff\xfe", b"[" * 100_000]
    said = desk.plain("render", "--batch", "--catalog", "catalog", stdin=b"\n".join([good, *bad, good]))
    assert (said.code, said.err) == (1, "")
    first, *others, last = said.lines
    assert first == last
    assert first["case"] == "good"
    assert [line["outcome"] for line in others] == ["broken"] * len(bad)
    assert [line["reason"].partition(" is ")[0] for line in others] == [f"line {number}" for number in range(2, 8)]
    assert [line.get("case") for line in others] == [None, None, "bad", None, None, None]


def test_texts_reach_the_output_as_they_are(desk):
    """Neither names of emoji nor markup in a payload are taken for something; control characters are spelt out."""
    title = "[bold]:fire:[/bold] \u009b31m"
    said = desk.plain("render", "--batch", stdin=json.dumps({"body": {"title": title}}))
    assert ":fire:" in said.out
    assert "[bold]" in said.lines[0]["messages"][0]["attachments"][0]["fallback"].replace("\\", "")
    assert "\x9b" not in said.out


def test_a_sample_of_a_callback_is_none_of_a_request(desk):
    """Where it is executed is told."""
    desk.write("own/pager/callbacks/samples/ack.usual.yaml", "callback: ack\n")
    said = desk.plain("render", "own/pager/callbacks/samples/ack.usual.yaml")
    assert said.code == 2
    assert "`mattergate test` executes it" in said.err
