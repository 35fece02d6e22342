"""Who is signed in, and taking up changed files: what belongs to no page of its own."""

from typing import Annotated

from msgspec import Meta, Struct

from gateway.console.port import Changes
from gateway.console.web.auth import Role
from gateway.console.web.operations import Ask, Operation


class Session(Struct, frozen=True):
    """Whoever asks: what they may do, and what a change has to send in the header X-CSRF-Token."""

    role: Role
    csrf: Annotated[str, Meta(description="Empty when the request has a Bearer token: then nothing has to be sent.")]


async def session(ask: Ask) -> Session:
    """Say who asks."""
    return Session(ask.visitor.role, ask.visitor.csrf)


async def reload(ask: Ask) -> Changes:
    """Take up the settings and the catalog as they are now. Raises FaultyFilesError with every fault."""
    return await ask.gateway.reload()


OPERATIONS = (
    Operation(
        method="GET",
        path="/session",
        name="session",
        summary="Who the caller is, and the CSRF token of a caller without a Bearer token.",
        call=session,
        result=Session,
    ),
    Operation(
        method="POST",
        path="/reload",
        name="reload",
        summary="Take up changed files now, whole or not at all; the answer says what changed.",
        call=reload,
        result=Changes,
        problems={422: "The files have faults, which are listed; what runs stays."},
    ),
)
