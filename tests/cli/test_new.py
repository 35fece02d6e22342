"""`mattergate new`: services and events drafted from requests."""

import asyncio
import hashlib
import hmac
import json

import pytest
import yaml

from tests import conftest
from tests.conftest import eventually

BODY = {"event": "order.paid", "order": {"id": 7, "status": "paid"}}
OTHER = {"event": "order.lost", "order": {"id": 7}}


@pytest.mark.parametrize(
    "request_",
    [
        json.dumps(BODY),
        json.dumps({"headers": {"X-Event": "order.paid"}, "body": BODY}),
        json.dumps({"log": {"entries": [{"request": {"postData": {"text": json.dumps(BODY)}, "headers": []}}]}}),
        f"POST /x HTTP/1.1\nContent-Type: application/json\n\n{json.dumps(BODY)}",
        f"curl https://x.example --json '{json.dumps(BODY)}'",
    ],
)
def test_a_draft_is_a_service_whose_sample_holds(desk, request_):
    """A body, a request in JSON, HAR, raw HTTP, a curl command; what is written can be tested at once."""
    desk.write("request", request_)
    said = desk.plain("new", "acme-orders", "--from", "request", "--folder", "own")
    assert said.code == 0, said.text
    for name in ("service.yaml", "shared.yaml", "order_paid.yaml", "samples/order_paid.usual.yaml"):
        assert f"wrote own/acme-orders/{name}" in said.out
    steps = said.out.splitlines()[-4:]
    assert [one[:2] for one in steps] == ["1.", "2.", "3.", "4."]
    assert "[routes.acme-orders]" in steps[2]
    assert steps[3].endswith(" schemas/README.md")
    assert desk.plain("test", "acme-orders", "--catalog", "own").code == 0


def test_requests_of_a_folder_and_of_standard_input(desk):
    """Each event of all of them is told by a translator: those that are alike by one."""
    desk.write("sent/1.json", json.dumps(BODY))
    desk.write("sent/2.json", json.dumps(OTHER))
    desk.write("sent/.hidden", "")
    more = json.dumps({"event": "order.found", "order": {"id": 1}})
    said = desk.plain("new", "acme", "--from", "sent", "--from", "-", "--docs", "https://acme.example", stdin=more)
    assert said.code == 0, said.text
    names = {
        str(path.relative_to(desk.folder / "schemas/acme")) for path in (desk.folder / "schemas/acme").rglob("*.*")
    }
    assert {"order_paid.yaml", "order.yaml", "samples/order.lost.yaml", "samples/order.found.yaml"} <= names
    assert yaml.safe_load((desk.folder / "schemas/acme/service.yaml").read_text())["docs"] == "https://acme.example"


def test_the_secret_finds_the_way_to_sign_and_is_not_written(desk, monkeypatch):
    """It is named by its variable; without it, or with another one, the command says that nothing is proven."""
    monkeypatch.setenv("ACME_SECRET", "s3cret-of-acme")
    body = json.dumps(BODY)
    digest = hmac.new(b"s3cret-of-acme", b"1700000000." + body.encode(), hashlib.sha256).hexdigest()
    headers = {"X-Acme-Signature": f"t=1700000000,v1={digest}"}
    desk.write("request.json", json.dumps({"headers": headers, "body": body}))
    said = desk.plain("new", "acme", "--from", "request.json", "--secret-env", "ACME_SECRET")
    assert (said.code, "not proven" in said.text) == (0, False), said.text
    assert "proves the signatures of 1 of 1 requests; a sample is signed anew" in said.err
    [scheme] = yaml.safe_load((desk.folder / "schemas/acme/service.yaml").read_text())["verify"]
    assert scheme["message"] == ["timestamp", ".", "body"]
    assert not [path for path in (desk.folder / "schemas").rglob("*.yaml") if "s3cret-of-acme" in path.read_text()]
    assert desk.plain("test", "acme", "--catalog", "schemas").code == 0
    desk.write("other.json", json.dumps({"headers": headers, "body": body.replace("paid", "sent")}))
    again = desk.plain("new", "acme", "--from", "request.json", "--from", "other.json", "--secret-env", "ACME_SECRET")
    assert "the secret proves 1 of 2 requests in the way of acme/service.yaml" in again.err
    assert "***" not in (desk.folder / "schemas/acme/samples/order_sent.usual.yaml").read_text()
    assert desk.plain("test", "acme", "--catalog", "schemas").code == 0
    assert "not proven" in desk.plain("new", "other", "--from", "request.json").err
    assert "has no NOWHERE" in desk.plain("new", "third", "--from", "request.json", "--secret-env", "NOWHERE").err


def test_an_event_is_added_to_a_service_that_is_there(desk):
    """Of your own folder, or of the built-in catalog, whose documents stay; what is there is left alone."""
    desk.write("paid.json", json.dumps(BODY))
    desk.write("both.json", json.dumps(BODY) + "\n" + json.dumps(OTHER))
    assert desk.plain("new", "acme", "--from", "paid.json").code == 0
    before = {path: path.read_bytes() for path in (desk.folder / "schemas").rglob("*.yaml")}
    said = desk.plain("new", "acme", "--from", "both.json")
    assert said.code == 0, said.text
    assert "wrote schemas/acme/order_lost.yaml" in said.out
    assert "order.paid is spoken for by acme/order_paid" in said.err
    assert before == {path: path.read_bytes() for path in before}
    again = desk.plain("new", "acme", "--from", "both.json")
    assert (again.code, "there is nothing to add to acme" in again.err) == (1, True)
    sponsors = {"headers": {"X-GitHub-Event": "sponsorship"}, "body": {"action": "created", "sponsorship": {"id": 1}}}
    desk.write("github.json", json.dumps(sponsors))
    said = desk.plain("new", "github", "--from", "github.json")
    assert said.code == 0, said.text
    assert {path.name for path in (desk.folder / "schemas/github").iterdir()} == {"sponsorship_created.yaml", "samples"}
    assert desk.plain("test", "acme", "github", "--catalog", "schemas").code == 0


def test_the_sender_is_recognised(desk):
    """Without a key, over all of the catalog: what is added goes to the service that sent it, or nothing is written."""
    sponsors = {"headers": {"X-GitHub-Event": "sponsors", "X-GitHub-Delivery": "d1", "User-Agent": "GitHub-Hookshot/1"}}
    desk.write("github.json", json.dumps({**sponsors, "body": {"action": "created", "sponsors": {"id": 1}}}))
    said = desk.plain("new", "--from", "github.json")
    assert said.code == 0, said.text
    assert said.out.startswith("recognised as github: ")
    assert (desk.folder / "schemas/github/sponsors_created.yaml").exists()
    desk.write("paid.json", json.dumps(BODY))
    said = desk.plain("new", "--from", "paid.json", "--folder", "other")
    assert (said.code, "say the key of a new one" in said.err) == (2, True)
    assert not (desk.folder / "other").exists()


def test_from_an_event_of_the_journal(desk):
    """Its stored request is drafted from, by the beginning of its id; one that is unknown ends the command."""
    desk.store("019a7c3d11", body=json.dumps({**BODY, "kind": "sold"}).encode())
    said = desk.run("new", "acme", "--event", "019a7c", "--folder", "own")
    assert said.code == 0, said.text
    assert "wrote own/acme/order_paid.yaml" in said.out
    assert desk.run("new", "acme", "--event", "019b7c", "--folder", "other").code == 1


def test_an_event_that_does_not_match_its_document(desk):
    """It is of the service of its route, and nothing is written: the document that speaks for it is to be mended."""
    desk.store("019a7c3d11", body=b'{"kind": "item", "box": "a", "number": "one"}', note="mismatch")
    said = desk.run("new", "--event", "019a7c3d11", "--folder", "catalog")
    assert said.code == 1
    assert "items/item speaks for the event item, but its input does not match: number has" in said.err
    assert "catalog/items/item.yaml into your folder" in said.err
    assert {path.name for path in (desk.folder / "catalog/items").iterdir()} == {"service.yaml", "item.yaml"}


async def test_a_draft_in_a_folder_of_the_settings_is_live(running, desk, monkeypatch):
    """A route that waited for the service tells its events from then on, without a restart."""
    (desk.folder / "own").mkdir()
    monkeypatch.setattr(conftest, "HEAD", conftest.HEAD.replace("reload = false", "reload = true"))
    route = '[routes.acme]\nservice = "acme"\ndestinations = ["ops"]\nallow_unsigned = true\n'
    gateway = await running('folders = ["own"]\n' + route, told="")
    assert (await gateway.post("/in/acme", BODY))[1].get("translator") != "acme/order_paid"
    desk.write("mattergate.toml", desk.file.read_text().replace('["catalog"]', '["own"]'))
    desk.write("request.json", json.dumps(BODY))
    said = await asyncio.to_thread(desk.run, "new", "acme", "--from", "request.json", "--folder", "own")
    assert said.code == 0, said.text
    assert "2. own is a catalog folder of" in said.out

    number = 0

    async def is_told() -> bool:
        nonlocal number
        number += 1
        answer = await gateway.post("/in/acme", {**BODY, "number": number})
        return answer[1].get("translator") == "acme/order_paid"

    await eventually(is_told)


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "it is empty"),
        (b"[" * 100_000, "nested too deeply"),
        (b"curl x -d @y", "what is in that file is not known"),
        (b'{"challenge": "c1"}', "none of the requests is an event"),
    ],
)
def test_what_is_no_request_is_told(desk, content, part):
    """The error names what was found; nothing is written."""
    desk.write("request", content)
    said = desk.plain("new", "acme", "--from", "request")
    assert said.code == 1
    assert part in said.err
    assert not (desk.folder / "schemas").exists()


def test_files_that_cannot_be_used_are_told(desk):
    """A request that is not there, an empty folder, a folder that is a file."""
    desk.write("request.json", json.dumps(BODY))
    (desk.folder / "empty").mkdir()
    assert "there is no such file" in desk.plain("new", "acme", "--from", "nowhere.json").err
    assert "there are no files in that folder" in desk.plain("new", "acme", "--from", "empty").err
    said = desk.plain("new", "acme", "--from", "request.json", "--folder", "request.json")
    assert said.code == 1
    assert "a part of the path is a file" in said.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["Acme!", "--from", "x"],
        ["-x", "--from", "x"],
        ["acme"],
        ["acme", "--from", "x", "--capture"],
        ["acme", "--from", "x", "--docs", "acme"],
    ],
)
def test_wrong_usage(desk, arguments):
    """A key that is none, arguments that are missing or too many."""
    assert desk.plain("new", *arguments).code == 2


def test_names_are_spelled_as_the_sender_spells_them(desk):
    """Of the service and of its headers; requests are read in lower case."""
    head = "POST /x HTTP/1.1\nContent-Type: application/json\nX-ACMEcorp-Event: order.paid\nUser-Agent: AcmeCorp/1.0\n"
    desk.write("request.http", f"{head}X-AcmeCorp-Delivery: 1\n\n{json.dumps(BODY)}")
    assert desk.plain("new", "acmecorp", "--from", "request.http").code == 0
    found = yaml.safe_load((desk.folder / "schemas/acmecorp/service.yaml").read_text())
    assert (found["name"], found["event"], found["delivery_id"]) == (
        "AcmeCorp", [{"header": "X-ACMEcorp-Event"}], [{"header": "X-AcmeCorp-Delivery"}],
    )  # fmt: skip
    sample = yaml.safe_load((desk.folder / "schemas/acmecorp/samples/order_paid.usual.yaml").read_text())
    assert set(sample["request"]["headers"]) == {"Content-Type", "X-ACMEcorp-Event", "X-AcmeCorp-Delivery"}
