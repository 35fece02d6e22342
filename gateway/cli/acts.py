"""How the command line shows acts: what was said or clicked in Mattermost, and what came of it."""

from gateway.cli.output import print_json, say
from gateway.console.acts import ActDetail
from gateway.console.events import EventRow
from gateway.console.masked import RequestView


def outcome(row: EventRow) -> str:
    """What became of a request, or how an act ended."""
    return row.ended or row.outcome + (f" {row.note}" if row.note and row.note != row.outcome else "")


def print_request(request: RequestView) -> None:
    """Print a request, whose secrets are masked."""
    say(f"\n{request.method} {request.url}")
    for name, value in request.headers.items():
        say(f"{name}: {value}")
    print_body(request)


def print_body(request: RequestView) -> None:
    """Print the body of a request."""
    more = f"\n... ({request.body.size:,} bytes in all)" if request.body.cut else ""
    say(f"\n{request.body.text}{more}")


def print_act(act: ActDetail, said: RequestView) -> None:
    """Print an act; `said` holds its input."""
    where = f" in ~{act.channel}" if act.channel else ""
    say(f"{act.occasion} by @{act.user or 'somebody'}{where}: {act.said or act.callback}")
    if act.is_answer:
        say(f"a later answer to event {act.answer_to}" if act.answer_to else "a later answer")
    print_body(said)
    if act.problem:
        say(f"\nproblem: {act.problem}")
    if act.dialog:
        say(f"\nit opened the dialog {act.dialog}")
    if act.request is not None:
        say("\nrequest to the service, as today's document makes it:", end="")
        print_request(act.request)
    if act.status:
        say(f"\nit answered {act.status} {act.answer}".rstrip())
    if act.reply:
        say(f"\nreply: {act.reply}")
    for one in act.replies:
        say("\nreply:")
        print_json(one)
    for event in act.later:
        say(f"\nlater answer: event {event}")
