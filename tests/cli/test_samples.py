"""`mattergate test`: samples, executed."""

import pytest

REQUEST = "request: {body: {kind: item, box: a, number: 1}}\n"


@pytest.fixture
def kept(desk):
    """Give a desk whose service has a sample that holds, and one that does not."""
    desk.write(
        "catalog/items/samples/item.usual.yaml", REQUEST + "expect: {outcome: message, translator: items/item}\n"
    )
    desk.write("catalog/items/samples/item.wrong.yaml", REQUEST + "expect: {outcome: message, subject: b}\n")
    return desk


def test_samples_that_hold_and_one_that_does_not(kept):
    """The one that does not is listed with its difference, and the exit code is 1."""
    said = kept.plain("test", "--catalog", "catalog", "items")
    assert said.code == 1
    assert said.out.splitlines() == [
        "catalog/items/samples/item.wrong.yaml",
        '  expect.subject: expected "b", got "a"',
        "1 sample held, 1 did not",
    ]


def test_one_file_alone(kept):
    """A file is executed without the others of its service."""
    said = kept.plain("test", "--catalog", "catalog", kept.folder / "catalog/items/samples/item.usual.yaml")
    assert (said.code, said.out) == (0, "1 sample held, 0 did not\n")


def test_the_folders_are_those_of_the_settings(kept):
    """As those of `check`; with --catalog those that it names, which have to be there."""
    assert kept.run("test", "items").out.endswith("1 sample held, 1 did not\n")
    said = kept.plain("test", "--catalog", "nowhere", "items")
    assert (said.code, "'nowhere' does not exist" in said.err) == (2, True)


def test_a_file_that_looks_like_a_sample_is_told(kept):
    """And a document: neither is read by such a name."""
    for name in ("samples/item.new.yml", "other.yml"):
        kept.write(f"catalog/items/{name}", "")
    said = kept.run("test", "items")
    assert said.code == 1
    assert "samples/item.new.yml: documents end in .yaml: this one is not read (call it item.new.yaml" in said.err
    assert "other.yml: documents end in .yaml" in said.out


def test_samples_run_in_the_order_in_which_they_are_named(kept):
    """Once each, also where a file is named again with its service."""
    wrong = kept.folder / "catalog/items/samples/item.wrong.yaml"
    said = kept.plain("test", "--catalog", "catalog", wrong, "items", wrong, "-o", "jsonl")
    assert [row["file"].rpartition("/")[2] for row in said.lines] == ["item.wrong.yaml", "item.usual.yaml"]


def test_results_for_programs(kept):
    """A row for each sample, with what differs."""
    said = kept.plain("test", "--catalog", "catalog", "items", "-o", "jsonl")
    assert said.code == 1
    assert [(row["service"], row["holds"], len(row["differences"])) for row in said.lines] == [
        ("items", True, 0),
        ("items", False, 1),
    ]


def test_what_came_out_is_taken_over(kept):
    """`--write` replaces what is expected, and nothing of the request."""
    said = kept.plain("test", "--catalog", "catalog", "items", "--write")
    assert (said.code, said.out.splitlines()[0]) == (0, "catalog/items/samples/item.usual.yaml: written")
    text = (kept.folder / "catalog/items/samples/item.wrong.yaml").read_text()
    assert text.startswith(REQUEST)
    assert "subject: a" in text
    assert kept.plain("test", "--catalog", "catalog", "items").code == 0


def test_what_nobody_can_have_meant_is_not_taken_over(kept):
    """`--write` says why an outcome is doubtful, and leaves the sample; a sample that says it is written in full."""
    odd = "request: {body: {kind: odd}}\nexpect: {outcome: message%s}\n"
    file = kept.write("catalog/items/samples/odd.yaml", odd % "")
    said = kept.plain("test", "--catalog", "catalog", file, "--write")
    assert said.code == 1
    assert "not written: the generic translator speaks for it: no translator of items speaks for odd" in said.out
    assert (kept.folder / file).read_text() == odd % ""
    kept.write("catalog/items/samples/odd.yaml", odd % ", note: unknown")
    assert kept.plain("test", "--catalog", "catalog", file, "--write").code == 0
    assert "translator: generic" in (kept.folder / file).read_text()


def test_a_sample_whose_sender_cannot_sign_is_told(kept):
    """It names a scheme that the service does not have."""
    file = kept.write(
        "catalog/items/samples/odd.yaml", "secret: s\nsign: nosuch\n" + REQUEST + "expect: {outcome: message}\n"
    )
    assert "sign: the service has no scheme 'nosuch'" in kept.plain("test", "--catalog", "catalog", file).out


@pytest.mark.parametrize(
    ("names", "part"),
    [
        (["githib"], 'did you mean "github"?'),
        (["items", "nosuch"], "no service 'nosuch'"),
        (["bare"], "the service bare has no samples"),
        (["nowhere.yaml"], "nowhere.yaml is not a sample of the catalog"),
        (["/x.yaml"], "/x.yaml is not a sample of the catalog"),
        (["catalog/items/item.yaml"], "is not a sample of the catalog"),
    ],
)
def test_names_without_samples_are_wrong_usage(kept, names, part):
    """Also where other names have some: nothing is executed."""
    kept.write("catalog/bare/service.yaml", "name: Bare\ndocs: https://example.com\nsetup: Nothing to set up here.\n")
    said = kept.plain("test", "--catalog", "catalog", *names)
    assert (said.code, said.out) == (2, "")
    assert part in said.err


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"request: {body: ''}\n", "the key 'expect' is missing"),
        (b"request: {body: ''}\nexpect: {outcome: refused, cause: wrongsecret}\n", 'did you mean "wrong_secret"?'),
        (b"\xff\xfe", "it is not UTF-8 text"),
        (b"request: [\n", "item.odd.yaml:"),
    ],
)
@pytest.mark.parametrize("options", [[], ["--write"]])
def test_a_sample_that_is_none_fails_alone(kept, content, part, options):
    """Its fault is its difference; the others are executed."""
    kept.write("catalog/items/samples/item.odd.yaml", content)
    said = kept.plain("test", "--catalog", "catalog", "items", *options)
    assert said.code == 1
    assert part in said.out
    assert said.out.splitlines()[-1].endswith(f"{2 - len(options)} did not")


def test_a_sample_that_cannot_be_rewritten_stays(kept):
    """`expect` has to be its last key: else `--write` would not know what to replace."""
    file = kept.write("catalog/items/samples/item.odd.yaml", "expect: {outcome: message}\n" + REQUEST)
    said = kept.plain("test", "--catalog", "catalog", file, "--write")
    assert said.code == 1
    assert "`expect:` is to be the last key of a sample" in said.out
    assert file.read_text().endswith(REQUEST)


def test_samples_of_a_faulty_service_do_not_hold(kept):
    """The fault is told once, with the samples that were not tried for it; programs get it with each."""
    kept.write("catalog/items/item.yaml", "title: An item\nevents: [item]\nmessage: 5\n")
    said = kept.plain("test", "--catalog", "catalog", "items")
    assert (said.code, said.err) == (1, "")
    fault, samples, count = said.out.splitlines()
    assert fault.startswith("catalog/items/item.yaml:3: message: expected ")
    assert samples == "  2 samples of items: item.usual, item.wrong"
    assert count == "0 samples held, 2 did not; 1 fault"
    said = kept.plain("test", "--catalog", "catalog", "items", "-o", "jsonl")
    assert [(row["differences"], row["faults"]) for row in said.lines] == [
        (["the service items has faults"], [fault])
    ] * 2
    assert fault in said.err


def test_a_fault_of_a_document_is_told_once(kept):
    """With its file, line and template, and the samples that suffer from it; what differs follows from that."""
    document = "title: An item\nevents: [item]\nmessage: {text: '{{ number // zero }}'}\n"
    kept.write("catalog/items/item.yaml", document)
    for name, zero in (("usual", 0), ("wrong", 0), ("good", 1)):
        request = f"request: {{body: {{kind: item, number: 1, zero: {zero}}}}}\n"
        kept.write(f"catalog/items/samples/item.{name}.yaml", request + "expect: {outcome: message, messages: []}\n")
    said = kept.plain("test", "--catalog", "catalog", "items")
    fault, samples, good, difference, _ = said.out.splitlines()
    assert fault.startswith("catalog/items/item.yaml:3: message/text: ")
    assert fault.endswith("in `number // zero`")
    assert samples == "  2 samples of items: item.usual, item.wrong"
    assert (good, difference[:26]) == ("catalog/items/samples/item.good.yaml", "  expect.messages: expecte")
    said = kept.plain("test", "--catalog", "catalog", "items", "--write")
    assert "2 samples of items, not written: item.usual, item.wrong" in said.out


def test_each_reason_of_a_place_has_its_samples(kept):
    """A shared shape is one place for all that it holds; values of payloads make no other reason."""
    kept.write("catalog/items/shared.yaml", "shapes: {order: {items: {item: [{n: number}]}}}\n")
    kept.write("catalog/items/item.yaml", "title: An item\nevents: [item]\ninput: {order: order}\nmessage: {text: a}\n")
    orders = {
        "bare": "{items: {}}",
        "no": "{}",
        "wrong": '{items: {item: ["Tea"]}}',
        "usual": "{items: {item: [a, b]}}",
    }
    for name, order in orders.items():
        request = f"request: {{body: {{kind: item, order: {order}}}}}\n"
        kept.write(f"catalog/items/samples/item.{name}.yaml", request + "expect: {outcome: message, subject: a}\n")
    said = kept.plain("test", "--catalog", "catalog", "items").out.splitlines()
    assert [line.rpartition(": ")[2] for line in said[:-1]] == [
        "order.items.item is required, and is missing",
        "item.bare",
        "order.items is required, and is missing",
        "item.no",
        'order.items.item[0] has to be an object, and is "a"',
        "item.usual, item.wrong",
    ]


def test_a_step_of_unwrap_that_did_nothing_is_told_once(kept):
    """With its line, where the samples suffer from it; what differs follows from that."""
    service = kept.folder / "catalog/items/service.yaml"
    service.write_text(service.read_text() + "unwrap: [{json: Mesage}]\n")
    for name in ("usual", "wrong"):
        request = """request: {body: {Message: '{"kind": "item"}'}}\n"""
        kept.write(f"catalog/items/samples/item.{name}.yaml", request + "expect: {outcome: message, event: item}\n")
    said = kept.plain("test", "--catalog", "catalog", "items")
    fault, nameless, samples, _ = said.out.splitlines()
    assert "service.yaml:" in fault
    assert nameless.endswith("event: none of these has a value in the request, so the event has no name")
    assert fault.endswith("unwrap/0: `json: $.Mesage` did nothing: nothing is there")
    assert samples == "  2 samples of items: item.usual, item.wrong"


def test_faults_are_counted_where_all_samples_hold(kept):
    """The exit code is 1 for them, so the last line says why."""
    (kept.folder / "catalog/items/samples/item.wrong.yaml").unlink()
    kept.write(
        "catalog/items/other.yaml", "title: Other\nevents: [other]\ninput: {a: text}\nmessage: {text: '{{ b }}'}\n"
    )
    said = kept.plain("test", "--catalog", "catalog", "items")
    assert (said.code, said.out) == (1, "1 sample held, 0 did not; 1 fault\n")
    assert "nothing here is called `b`" in said.err


def test_nothing_is_written_where_the_service_has_a_fault(kept):
    """Of any kind: what its fault makes of a request is not what is to be expected."""
    kept.write(
        "catalog/items/other.yaml", "title: Other\nevents: [other]\ninput: {a: text}\nmessage: {text: '{{ b }}'}\n"
    )
    files = sorted((kept.folder / "catalog/items/samples").iterdir())
    before = [file.read_text() for file in files]
    said = kept.plain("test", "--catalog", "catalog", "items", "--write")
    assert (said.code, [file.read_text() for file in files]) == (1, before)
    told = "  not written: the service items has a fault, which may be what came out; mend it first"
    assert said.out.splitlines().count(told) == 2
    (kept.folder / "catalog/items/other.yaml").unlink()
    assert kept.plain("test", "--catalog", "catalog", "items", "--write").code == 0


CALLBACK = """title: Ask about an item
answers: command
command: {trigger: item}
request: {url: "https://items.example.com/{{ text | urlencode }}", method: GET}
reply: {message: {text: "{{ answer.json.name }}"}}
"""
ASKED = "callback: ask\nsent: {form: {command: /item, text: b7}}\nanswer: %s\nexpect: {}\n"


def test_samples_of_callbacks_run_with_the_others(desk):
    """By the name of their service or file; their outcome is written, unless it fails unexpectedly."""
    desk.write("catalog/items/callbacks/ask.yaml", CALLBACK)
    usual = desk.write("catalog/items/callbacks/samples/ask.usual.yaml", ASKED % "{json: {name: tea}}")
    said = desk.run("test", "items")
    assert (said.code, "expect.request: expected nothing, got" in said.out) == (1, True)
    assert desk.run("test", usual, "--write").code == 0
    assert "text: tea" in usual.read_text()
    assert desk.run("test", "items").out == "1 sample held, 0 did not\n"
    gone = desk.write("catalog/items/callbacks/samples/ask.gone.yaml", ASKED % "{status: 404}")
    assert "not written: it fails: items.example.com answered 404" in desk.run("test", "items", "--write").out
    assert gone.read_text() == ASKED % "{status: 404}"
