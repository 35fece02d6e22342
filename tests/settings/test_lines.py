"""Places in TOML texts: which line a key stands on."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.settings.lines import Report, close, locate, meant, shown, syntax_fault

TEXT = '''# a comment with [brackets] = and "quotes
top = 1
[server] # [not.this]
listen = "x # [nor this]"
"odd \\u0041".key = """
[nor.this]
a = 2
"""
list = [ # ]
  "]", 'a = 1',
  [1, {b = 2}]]

  [routes."a.b"]
inline = {q = 1}
[[array]]
k = 1
[[array]]
k = """quotes at the end"""""
[array.sub]
m = \'\'\'it's
\'\'\'
last = 1'''


def test_keys_and_headers_have_their_lines() -> None:
    """Strings, comments, arrays and inline tables hide nothing and add nothing."""
    tomllib.loads(TEXT)
    found = locate(TEXT)
    assert found[("top",)] == 2
    assert found[("server",)] == 3
    assert found[("server", "listen")] == 4
    assert found[("server", "odd A", "key")] == 5
    assert found[("server", "list")] == 9
    assert found[("routes", "a.b")] == 13
    assert found[("routes", "a.b", "inline")] == 14
    assert (found[("array", 0, "k")], found[("array", 1, "k")]) == (16, 18)
    assert found[("array", 1, "sub", "m")] == 20
    assert found[("array", 1, "sub", "last")] == 22
    assert not [place for place in found if "not" in place or "nor" in place or "a" in place]


def test_windows_line_ends_count_once() -> None:
    """A file with CR LF has the same lines."""
    assert locate(TEXT.replace("\n", "\r\n")) == locate(TEXT)


@given(st.dictionaries(st.text(), st.dictionaries(st.text(), st.text(), max_size=4), max_size=4))
def test_every_key_of_any_text_is_found(tables: dict[str, dict[str, str]]) -> None:
    """Whatever the names and values hold, each key is on the line that it was written on."""

    def quoted(text: str) -> str:
        return '"' + "".join(c if c.isalnum() and c.isascii() else f"\\U{ord(c):08x}" for c in text) + '"'

    lines, expected = [], {}
    for table, pairs in tables.items():
        lines.append(f"[{quoted(table)}]")
        expected[(table,)] = len(lines)
        for key, value in pairs.items():
            lines.append(f"{quoted(key)} = {quoted(value)}")
            expected[(table, key)] = len(lines)
    assert locate("\n".join(lines)) == expected


def test_a_fault_falls_back_to_what_stands_around_it() -> None:
    """An absent key is reported at its table, and one of an unwritten table without a line."""
    report = Report("f.toml", "\n[server]\n")
    report.add(("server", "listen"), "is missing")
    report.add(("routes", "x"), "is missing")
    report.add_variable("MATTERGATE_X", "unknown")
    report.faults.reverse()
    assert [str(fault) for fault in report.in_order()] == [
        "f.toml: routes.x: is missing",
        "f.toml:2: server.listen: is missing",
        "environment: MATTERGATE_X: unknown",
    ]


def test_places_are_shown_as_toml_writes_them() -> None:
    """Names that are not bare keys stand in quotes."""
    assert shown(("routes", "a b", "only", 0)) == 'routes."a b".only[0]'
    assert shown(()) == ""


def test_a_word_that_is_like_a_known_one_is_suggested() -> None:
    """Where none is, `meant` lists all of them."""
    known = ("github", "gitlab")
    assert close("githib", known) == meant("githib", known) == 'did you mean "github"?'
    assert (close("x", known), meant("x", known)) == ("", "known here: github, gitlab")
    assert (close("x", ()), meant("x", ())) == ("", "known here: nothing")


@pytest.mark.parametrize(("text", "line"), [("a = 1\nb = \n", 2), ("a = 1\n\nb = [", 3), ("a = 1\na = 2\n", 2)])
def test_syntax_faults_have_a_line(text: str, line: int) -> None:
    """Where tomllib stops, also at the end of the text."""
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)
    assert syntax_fault("f.toml", text, caught.value).line == line
