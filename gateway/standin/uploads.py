"""Uploads over REST: the multipart form with its rules, or the bytes of one file as the body (contract 6.3)."""

import re
from collections.abc import Mapping
from email.message import Message
from email.parser import BytesParser
from typing import Any

from gateway.standin.records import File, User, now
from gateway.standin.refusal import RefusedError, bad_address, bad_body, new_id, permissions
from gateway.standin.world import World

_ID = re.compile(r"[A-Za-z0-9]{26}")


def upload(world: World, user: User, declared: str, query: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """Keep what is known of the files of a request and show it; raises RefusedError.

    `declared` is the content type; channel and name of a file that is the whole body are in the query.
    """
    if not world.settings.file.enable_file_attachments:
        raise RefusedError(403, "api.file.attachments.disabled.app_error")
    if not body:
        raise _unread("Content-Length is 0")
    if declared.partition(";")[0].strip().lower() == "multipart/form-data":
        channel, files, client_ids = _form(declared, body)
    else:
        if not query.get("filename") and _ID.fullmatch(query.get("channel_id", "")):
            raise bad_address("filename")
        channel, files, client_ids = query.get("channel_id", ""), [(query.get("filename", ""), body)], []
    kept = [_file(world, user, channel, name, content) for name, content in files]
    return {"file_infos": [file.shown() for file in kept], "client_ids": client_ids}


def _unread(detail: str) -> RefusedError:
    return RefusedError(400, "api.file.upload_file.read_request.app_error", detail)


def _form(declared: str, body: bytes) -> tuple[str, list[tuple[str, bytes]], list[str]]:
    """Channel, files and client ids of a multipart form."""
    form = BytesParser().parsebytes(
        b"Content-Type: " + declared.encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body
    )
    if not form.is_multipart():
        raise _unread("no parts")
    channel, files, client_ids = "", [], []
    for part in form.get_payload():
        assert isinstance(part, Message)  # noqa: S101 - the parts of a multipart message are messages
        name = str(part.get_param("name", "", "content-disposition"))
        filename = part.get_filename()
        raw = part.get_payload(decode=True)
        content = raw if isinstance(raw, bytes) else b""
        if filename:
            files.append((filename, content))
        elif name == "channel_id":
            channel = content.decode("utf-8", "replace")
        elif name == "client_ids":
            client_ids.append(content.decode("utf-8", "replace"))
        else:
            raise bad_body(name)
    if client_ids and len(client_ids) != len(files):
        raise RefusedError(400, "api.file.upload_file.incorrect_number_of_client_ids.app_error")
    return channel, files, client_ids


def _file(world: World, user: User, channel: str, name: str, content: bytes) -> File:
    """Keep one file; raises RefusedError for a channel that is none or not the user's, and for one too large."""
    if not _ID.fullmatch(channel):
        raise bad_address("channel_id")
    place = world.channels.get(channel)
    if place is None or not (world.is_member(user, place) or user.has("system_post_all")):
        raise permissions("upload_file")
    if len(content) > world.settings.file.max_file_size:
        raise RefusedError(413, "api.file.upload_file.too_large_detailed.app_error")
    base = name.rpartition("/")[2]
    file = File(id=new_id(), user=user.id, channel=channel, name=base, size=len(content), create_at=now())
    world.files[file.id] = file
    return file
