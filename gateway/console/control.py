"""Operations without a page: who is signed in, and reloading changed files."""

from typing import Annotated

from msgspec import Meta, Struct

from gateway.console.port import Changes
from gateway.console.web.auth import Role
from gateway.console.web.operations import Ask, Operation


class Session(Struct, frozen=True):
    """The role of the caller, and the value that a change has to send in the header X-CSRF-Token."""

    role: Role
    csrf: Annotated[str, Meta(description="Empty when the request has a Bearer token: then nothing has to be sent.")]


async def session(ask: Ask) -> Session:
    """Identify the caller."""
    return Session(ask.visitor.role, ask.visitor.csrf)


async def reload(ask: Ask) -> Changes:
    """Reload settings and catalog. Raises SettingsError with every fault of the settings, which then stay."""
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
        summary="Reload changed files: settings whole or not at all, documents service by service. Says what changed.",
        call=reload,
        result=Changes,
        problems={422: "The settings have faults, which are listed; nothing changes."},
    ),
)
