"""The event of a subscription that is confirmed, or that cannot be."""

from gateway.catalog.kinds import Text
from gateway.catalog.service import Service
from gateway.decode.content import Content
from gateway.mattermost.fit import Limits
from gateway.model import Note, Outcome, Request
from gateway.pipeline.confirmation import confirmation
from gateway.pipeline.interpret import Reading, Wishes

SERVICE = Service("notices", {"name": "Our *Notices*", "event": [{"json": "Type"}]}, Text("n", "", ""))
URL = "https://sns.example.com/?Token=a"


def read(why: str, **wishes: object) -> Reading:
    """The reading for a failure, "" for none."""
    content = Content.of(Request(body=b'{"Type": "SubscriptionConfirmation"}'), 1000, 64)
    return confirmation(SERVICE, content, Wishes(**wishes), Limits(), URL, why)


def test_one_that_fails_is_told_in_the_channel():
    """With the reason and what to do, as the route wants messages; no filter drops it, and it holds no token."""
    reading = read("www.example.com answered 403", channel="alerts", only=("push",))
    assert (reading.outcome, reading.note) == (Outcome.MESSAGE, Note.UNCONFIRMED)
    assert (reading.name, reading.translator) == ("SubscriptionConfirmation", "generic")
    assert reading.reason == "the subscription could not be confirmed: www.example.com answered 403"
    [message] = reading.pieces[0].messages
    assert message.channel == "alerts"
    assert message.attachments[0].text == (
        r"Subscription of Our \*Notices\* could not be confirmed: `www.example.com answered 403`. No event of it "
        r"arrives until it is: mend that, then have Our \*Notices\* send its confirmation again."
    )
    assert "Token" not in str(message)


def test_one_that_is_confirmed_is_kept_without_a_message():
    """The list of events shows it."""
    reading = read("")
    assert (reading.outcome, reading.note, reading.pieces[0].fitted) == (Outcome.IGNORED, "", ())
    assert reading.reason == "the subscription was confirmed at the URL that it names"


def test_the_same_url_is_told_once():
    """A sender that repeats its confirmation repeats the event; whether it was confirmed makes another."""
    assert read("no").key == read("a second time").key != read("").key
