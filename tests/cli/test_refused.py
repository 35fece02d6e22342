"""The option that filters by note or cause, and a refused request as it is printed."""

import pytest
import typer

from gateway.cli import refused
from gateway.console.events import EventRow
from gateway.console.refused import RefusedRequest
from gateway.model import Cause, Note, Outcome

ROW = EventRow(
    "id1", 1_800_000_000.0, "", "", Outcome.REFUSED, "", "", "", "no such route", {}, "no_route",
    RefusedRequest(404, "", "192.0.2.1", "", "", "", 0),
)  # fmt: skip


def test_a_word_that_is_no_note_is_told():
    """With those that there are; each of them is read as it is."""
    assert [refused.read_note(word) for word in ("", *Note, *Cause)] == ["", *Note, *Cause]
    with pytest.raises(typer.BadParameter, match=r"'unknwon' is none of unknown, .*unreadable, .* wrong_secret"):
        refused.read_note("unknwon")


def test_what_is_not_known_is_left_out(capsys):
    """A request that was not even HTTP has no method and no sender's words."""
    refused.print_refused(ROW)
    said = capsys.readouterr().out
    assert "route -  service -" in said
    assert "a request of no content type" in said
    assert said.rstrip().endswith("from 192.0.2.1")
    assert "hint" not in said
    assert [column.text(ROW) for column in refused.COLUMNS][2:] == ["-", "no_route", "192.0.2.1", "no such route"]
