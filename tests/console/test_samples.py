"""Keeping an event as a sample: what the document holds, where it goes, and what cannot be one."""

from pathlib import Path

import pytest

from gateway.model import Outcome, Request
from gateway.pipeline import samplefile
from tests.console.markup import Found
from tests.console.person import ITEMS_TOKEN, keep, send


async def test_save_as_sample(items, tmp_path):
    """The sample is a document that holds: a download, or a file in the catalog folder, where nothing is replaced."""
    person = await items()
    event_id = await send(person, "a")
    data, headers = await person.download(f"/events/{event_id}/sample")
    assert headers["Content-Disposition"].startswith('attachment; filename="item.')
    file = tmp_path / "a.yaml"
    file.write_bytes(data)
    kept = samplefile.load(file)
    assert (kept.expect.outcome, kept.expect.translator, kept.expect.subject) == (Outcome.MESSAGE, "items/item", "a")
    assert kept.request.body == {"kind": "item", "box": "a", "number": 1, "token": "***"}
    assert "x-token" not in kept.request.headers

    folder = str(tmp_path / "catalog")
    status, _, html = await person.press(f"/events/{event_id}/sample", ("folder", folder))
    assert status == 200
    (written,) = Path(folder).glob("items/samples/*.yaml")
    assert str(written) in Found(html).text
    assert written.read_bytes() == data
    written.write_text("mine")
    status, problem = await person.api("POST", f"/events/{event_id}/sample", {"folder": folder})
    assert (status, str(written) in problem["detail"], written.read_text()) == (409, True, "mine")
    status, problem = await person.api("POST", f"/events/{event_id}/sample", {"folder": str(tmp_path)})
    assert (status, folder in problem["detail"]) == (409, True)


JSON = {"content-type": "application/json"}


async def test_what_is_no_sample_is_told(items, tmp_path):
    """A service that is gone is a 409 that says so; nothing is written."""
    await keep(
        tmp_path / "test.db",
        ("e2", {"payload": b"{}", "service": "former"}),
    )
    person = await items()
    for method, body in (("GET", None), ("POST", {"folder": str(tmp_path / "catalog")})):
        status, problem = await person.api(method, "/events/e2/sample", body)
        assert (status, "no service former" in problem["detail"]) == (409, True), problem
    assert not list((tmp_path / "catalog").rglob("samples"))


@pytest.mark.parametrize(
    ("name", "stem"),
    [("item", "item"), ("A b/../c", "a-b-..-c"), ("../../etc/passwd", "etc-passwd"), ("", "event"), ("...", "event"),
     ("x" * 200, "x" * 60)],
)  # fmt: skip
async def test_the_name_of_the_file_is_harmless(items, tmp_path, name, stem):
    """Whatever the event is called, its sample stays in the folder of its service."""
    request = Request("POST", JSON, {}, b'{"kind": "item", "box": "a", "number": 1}')
    await keep(tmp_path / "test.db", ("0123456789", {"payload": b"{}", "request": request, "name": name}))
    person = await items()
    _, found = await person.api("GET", "/events/0123456789/sample")
    assert found["path"] == f"items/samples/{stem}.23456789.yaml"
    assert found["folders"] == [str(tmp_path / "catalog")]
    _, headers = await person.download("/events/0123456789/sample")
    assert headers["Content-Disposition"] == f'attachment; filename="{stem}.23456789.yaml"'


async def test_credentials_are_left_out(items, tmp_path):
    """Headers that hold a secret or a signature, and those that were masked, are no part of a sample."""
    headers = {**JSON, "x-token": ITEMS_TOKEN, "cookie": "***", "x-kept": "1"}
    request = Request("POST", headers, {}, b'{"kind": "item", "box": "a", "number": 1}')
    await keep(tmp_path / "test.db", ("e1", {"payload": b"{}", "request": request}))
    person = await items()
    _, found = await person.api("GET", "/events/e1/sample")
    file = tmp_path / "e1.yaml"
    file.write_text(found["text"])
    assert samplefile.load(file).request.headers == {**JSON, "x-kept": "1"}


async def test_a_signature_in_the_body_makes_no_sample(items, tmp_path):
    """It is by the sender's secret, which a sample does not have; one that is refused would be none of the event."""
    service = tmp_path / "catalog" / "items" / "service.yaml"
    scheme = "{hmac: sha256, json: sig, message: [{json: box}]}"
    request = Request("POST", JSON, {}, b'{"kind": "item", "box": "a", "number": 1, "sig": "00"}')
    await keep(tmp_path / "test.db", ("e1", {"payload": b"{}", "request": request}))
    service.write_text(f"{service.read_text()}\nverify: [{scheme}]\n")
    person = await items()
    status, problem = await person.api("GET", "/events/e1/sample")
    assert (status, "does not match the secret" in problem["detail"]) == (409, True), problem


async def test_a_folder_that_cannot_be_written_is_told(items, tmp_path):
    """With the file and the reason; without any folder in the settings that is said."""
    await keep(tmp_path / "test.db", ("e1", {"payload": b"{}", "request": Request("POST", JSON, {}, b"{}")}))
    person = await items()
    (tmp_path / "catalog" / "items" / "samples").write_text("a file in the way")
    folder = str(tmp_path / "catalog")
    status, problem = await person.api("POST", "/events/e1/sample", {"folder": folder})
    assert (status, problem["title"]) in ((409, "Not written"), (409, "File exists"))
    assert folder in problem["detail"]
    status, problem = await person.api("POST", "/events/e1/sample", {"folder": ""})
    assert (status, f"it is one of {folder}" in problem["detail"]) == (409, True)
