"""Fragments: parts that documents of all services use by name, with inputs of their own."""

import pytest

from gateway.catalog.catalog import Catalog, load
from gateway.catalog.translator import context
from gateway.errors import CatalogError
from gateway.model import Request
from tests.catalog.conftest import fault_in

ALERT = """
title: One alert
inputs: {name: text, state?: text, place?: text}
let: {whole: "{{ name }}{% if place %} on {{ place }}{% endif %}"}
attachment: {color: "{{ state | severity_color }}", title: "{{ whole }}", footer: "{{ kind }}"}
"""
FACTS = """
title: Facts
inputs: {of: map}
fields:
  - {title: Place, value: "{{ of.place }}"}
  - {title: Since, value: "{{ of.since }}"}
"""
LINE = (
    'title: A commit\ninputs: {id: text, said?: text}\ntext: ["- {{ id | code }}{{ said | first_line(20) | aside }}"]\n'
)
ONE = """
title: One
events: [one]
message:
  attachments:
    - {each: alerts, as: alert, use: alert, with: {name: "{{ alert.name }}", state: "{{ alert.state }}"}}
    - use: alert
      with: {name: "{{ payload.name }}", place: here}
      author_name: "{{ by }}"
      color: danger
      text:
        - {use: line, with: {id: "{{ id }}"}}
        - {each: commits, use: line, with: {id: "{{ item.id }}", said: "{{ item.text }}"}}
      fields: [{use: facts, with: {of: "{{ facts }}"}}, {title: More, value: "{{ more }}"}]
"""
PAYLOAD = {
    "kind": "one", "name": "disk full", "by": "ada", "id": "abcdef", "more": 1,
    "alerts": [{"name": "a", "state": "firing"}, {"name": "b", "state": "resolved"}],
    "commits": [{"id": "012345", "text": "Mend *it*"}], "facts": {"place": "web-1", "since": "noon"},
}  # fmt: skip


@pytest.fixture
def alerts(two, write):
    """A catalog with fragments, and a translator that uses them."""
    for name, text in (("alert", ALERT), ("facts", FACTS), ("line", LINE)):
        write(f"base/fragments/{name}.yaml", text)
    write("base/a/one.yaml", ONE)
    return two


def shown(service):
    """The attachments of the message about the payload."""
    return service.translators[0].draft(context(PAYLOAD, Request(), "one")).message.attachments


def test_a_fragment_gives_its_part(alerts):
    """An attachment, fields, lines; repeated and alone; what stands beside it wins; of the payload it sees nothing."""
    first, second, third = shown(load(alerts).services["a"])
    assert [(one.title, one.color, one.footer) for one in (first, second)] == [
        ("a", "danger", None),
        ("b", "good", None),
    ]
    assert (third.title, third.author_name, third.color) == ("disk full on here", "ada", "danger")
    assert third.text == "- `abcdef`\n- `012345` (Mend \\*it\\*)"
    assert [(field.title, field.value) for field in third.fields] == [
        ("Place", "web-1"), ("Since", "noon"), ("More", "1"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "line", "told"),
    [
        ("a/one", ONE.replace("use: alert\n", "use: alrt\n"), 7, "did you mean alert?"),
        ("a/one", ONE.replace("place: here", "plase: here"), 8, "has no input 'plase'; did you mean place?"),
        ("a/one", ONE.replace("{name: \"{{ payload.name }}\", place", "{place"), 7, "needs the input 'name'"),
        ("a/one", ONE.replace("use: facts", "use: line"), 14, "gives lines of a text; needed here: fields"),
        ("fragments/alert", ALERT.replace("let:", "lets:"), 4, "lets"),
        ("fragments/alert", ALERT.replace("severity_color", "severity_colour"), 5, "did you mean"),
        ("fragments/line", LINE.replace("text: [", "text: [{use: line, with: {id: x}}, "), 3, "itself: line → line"),
    ],
)  # fmt: skip
def test_a_fault_is_told_where_it_is(alerts, write, name, text, line, told):
    """In the document that has it, with what is valid there."""
    file = write(f"base/{name}.yaml", text)
    fault = fault_in(alerts, file)
    assert fault.line == line
    assert told in f"{fault.problem} {fault.where}"


def test_a_faulty_fragment_is_told_even_when_nobody_uses_it(two, write):
    """`check` reads all of the folder."""
    file = write("base/fragments/odd.yaml", "title: Odd\ninputs: {a: txt}\ntext: '{{ a }}'\n")
    with pytest.raises(CatalogError) as raised:
        load(two)
    assert [(fault.file, fault.line) for fault in raised.value.faults] == [(str(file), 2)]


def test_a_changed_fragment_is_seen_by_who_uses_it(alerts, write):
    """A reload compiles its users again, and nobody else."""
    before = Catalog(alerts, ["a", "b"])
    for key in ("a", "b"):
        before.service(key)
    write("base/fragments/alert.yaml", ALERT.replace('"{{ whole }}"', '"alert {{ whole }}"'))
    after = Catalog(alerts, ["a", "b"], before)
    assert shown(after.services["a"])[0].title == "alert a"
    assert after.services["b"] is before.services["b"]


def test_a_later_folder_has_fragments_of_its_own(alerts, write, tmp_path):
    """Its documents use both, and replace those of the first folder by name."""
    write("own/fragments/alert.yaml", ALERT.replace('"{{ whole }}"', '"ours: {{ name }}"'))
    assert shown(load([*alerts, tmp_path / "own"]).services["a"])[0].title == "ours: a"


def test_a_file_that_nobody_can_use_is_found(alerts, write):
    """Its name has signs that `use` does not take: whoever looks for it is told to rename it."""
    write("base/fragments/alert-line.yaml", LINE)
    write("base/a/one.yaml", ONE.replace("use: line", "use: alert_line"))
    with pytest.raises(CatalogError) as caught:
        load(alerts)
    told = "\n".join(map(str, caught.value.faults))
    assert "there is no fragment 'alert_line'; rename " in told


def test_a_fragment_is_compiled_once_for_all_services(alerts, write):
    """With what it uses: what others find wrong in it later is the same."""
    write("base/b/one.yaml", ONE)
    known = load(alerts)
    parts = [known.services[key].fragments.find("alert") for key in ("a", "b")]
    assert parts[0] is parts[1]
    write("base/fragments/outer.yaml", "title: Outer\ninputs: {a: text}\ntext: [{use: inner, with: {a: '{{ a }}'}}]\n")
    write("base/fragments/inner.yaml", "title: Inner\ninputs: {a: text}\ntext: '{{ a'\n")
    known, told = Catalog(alerts), []
    for key in ("a", "b"):
        write(f"base/{key}/one.yaml", "title: One\nevents: [one]\nmessage: {text: [{use: outer, with: {a: x}}]}\n")
        known.service(key)
        told.append({fault.file.rpartition("/")[2] for fault in known.faults[key]})
    assert told == [{"inner.yaml", "outer.yaml", "one.yaml"}] * 2
