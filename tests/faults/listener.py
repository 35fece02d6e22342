"""A bot that listens, as a process that may be killed: what it hears goes into a real journal, an event for each post.

python -m tests.faults.listener --server URL --token TOKEN --journal FILE
"""

import argparse
import asyncio
import signal
from collections.abc import Mapping
from time import time
from typing import Any, Final

import uvloop

from gateway.errors import JournalError
from gateway.journal import DuplicateKey, Entry, Journal
from gateway.journal import open as open_journal
from gateway.journal.duplicates import use_key
from gateway.mattermost.session import Session, TokenAccount
from gateway.model import Event, Outcome, Request
from gateway.observe.metrics import Metrics
from gateway.outbound.sessions import open_session
from gateway.secret import Secret
from gateway.sources.bot import WINDOW, Bot
from gateway.sources.connection import dialler
from gateway.sources.posts import read

ROUTE: Final = "callbacks.ask"
_KEPT: Final = {"retention": 1e9, "max_size": 10**10}


def entry_of(data: Mapping[str, Any]) -> Entry:
    """What is stored of a post: the event has its text as the subject, and its id as a duplicate key."""
    post = read(data)
    key = DuplicateKey(use_key(ROUTE, "post", post.id), WINDOW)
    request = Request(body=data["post"].encode())
    made = Event(f"{post.id}-{time()}", time(), ROUTE, "ask", Outcome.MESSAGE, "posted", "", post.message, "", request)
    return Entry(made, (), (key,))


async def listen(server: str, token: str, file: str) -> None:
    """Listen until a signal."""
    journal = await _journal(file)
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)

    async def heard(data: Mapping[str, Any]) -> bool:
        return not (await journal.append(entry_of(data))).duplicate

    async with open_session() as http:
        session = Session(server, TokenAccount(Secret(token)), http)
        bot = Bot("ask", session, dialler(http, server), heard, journal, Metrics())
        running = asyncio.create_task(bot.run())
        await stopped.wait()
        await bot.close()
        await running
    await journal.close()


async def _journal(file: str) -> Journal:
    """The journal, once nobody else delivers from it: the process that was killed may end a little later."""
    while True:
        try:
            return await open_journal(f"sqlite:{file}", deliver=True, **_KEPT)
        except JournalError:
            await asyncio.sleep(0.05)


def main() -> None:
    """Listen until a signal."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("--server", "--token", "--journal"):
        parser.add_argument(name, required=True)
    options = parser.parse_args()
    uvloop.run(listen(options.server, options.token, options.journal))


if __name__ == "__main__":
    main()
