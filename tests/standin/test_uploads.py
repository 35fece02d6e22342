"""Uploads: the forms of the web app and the bytes of one file, with the limits of the settings."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.standin.refusal import RefusedError, new_id
from gateway.standin.uploads import upload
from gateway.standin.world import World

MULTIPART = "multipart/form-data; boundary=b"


@pytest.fixture
def square(world):
    """Give the town square, with the owner in it."""
    found = world.channel_named(world.home.id, "town-square")
    found.members.add(world.owner.id)
    return found


def part(name: str, value: str, filename: str = "") -> bytes:
    """One part of a form."""
    more = f'; filename="{filename}"' if filename else ""
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'.encode()


def refusal(world, declared: str, query: dict, body: bytes) -> tuple[int, str]:
    """Status and error of a refusal."""
    with pytest.raises(RefusedError) as caught:
        upload(world, world.owner, declared, query, body)
    return caught.value.status, caught.value.error_id.removesuffix(".app_error")


def test_a_form_may_hold_several_files(world, square):
    """Each is kept with its name and size, in order, and shown with the ids that the client gave."""
    body = part("channel_id", square.id) + part("client_ids", "1") + part("client_ids", "2")
    body += part("files", "hello", "a/b.txt") + part("files", "", "empty") + b"--b--"
    told = upload(world, world.owner, MULTIPART, {}, body)
    assert [(file["name"], file["size"]) for file in told["file_infos"]] == [("b.txt", 5), ("empty", 0)]
    assert told["client_ids"] == ["1", "2"]
    assert [file.user for file in world.files.values()] == [world.owner.id] * 2


def test_a_body_may_be_the_file(world, square):
    """Channel and name are in the query then."""
    told = upload(world, world.owner, "image/png", {"channel_id": square.id, "filename": "i.png"}, b"\x89PNG")
    assert [(file["name"], file["size"], file["extension"]) for file in told["file_infos"]] == [("i.png", 4, "png")]


def test_the_largest_file(world, square):
    """One byte more is refused, and nothing of it is kept."""
    world.settings.file.max_file_size = 5
    query = {"channel_id": square.id, "filename": "a"}
    upload(world, world.owner, "", query, b"12345")
    assert refusal(world, "", query, b"123456") == (413, "api.file.upload_file.too_large_detailed")
    assert len(world.files) == 1


@pytest.mark.parametrize(
    ("declared", "query", "body", "error"),
    [
        ("", {}, b"", (400, "api.file.upload_file.read_request")),
        ("", {"channel_id": "ID"}, b"x", (400, "api.context.invalid_url_param")),
        ("", {"channel_id": "x", "filename": "a"}, b"x", (400, "api.context.invalid_url_param")),
        ("", {"channel_id": "OTHER", "filename": "a"}, b"x", (403, "api.context.permissions")),
        ("multipart/form-data", {}, b"x", (400, "api.file.upload_file.read_request")),
        (MULTIPART, {}, part("other", "x") + b"--b--", (400, "api.context.invalid_body_param")),
        (
            MULTIPART,
            {},
            part("client_ids", "1") + b"--b--",
            (400, "api.file.upload_file.incorrect_number_of_client_ids"),
        ),
        (MULTIPART, {}, part("files", "x", "a") + b"--b--", (400, "api.context.invalid_url_param")),
    ],
)
def test_what_is_no_upload_is_refused(world, square, declared, query, body, error):
    """Nothing is kept of it."""
    known = {"ID": square.id, "OTHER": new_id()}
    assert refusal(world, declared, {name: known.get(value, value) for name, value in query.items()}, body) == error
    assert not world.files


def test_who_is_not_in_the_channel_uploads_nothing_there(world, square):
    """Unless the role posts everywhere; and nobody does when uploads are off."""
    square.members.clear()
    query = {"channel_id": square.id, "filename": "a"}
    assert refusal(world, "", query, b"x")[0] == 403
    world.owner.roles = "system_user system_post_all"
    upload(world, world.owner, "", query, b"x")
    world.settings.file.enable_file_attachments = False
    assert refusal(world, "", query, b"x") == (403, "api.file.attachments.disabled")


@given(
    st.binary(max_size=60), st.sampled_from([MULTIPART, MULTIPART + "\udcff", "multipart/form-data; boundary=\udcff"])
)
def test_any_bytes_are_files_or_refused(body, declared):
    """Nothing else is raised, also where the content type is no Unicode."""
    world = World(1)
    for whole in (body, b"--b\r\n" + body + b"\r\n--b--", b"--\xff\r\n" + body + b"\r\n--\xff--"):
        with suppress(RefusedError):
            upload(world, world.owner, declared, {}, whole)
