"""The text of a drafted service.yaml."""

from gateway.catalog import yamlfile
from gateway.catalog.draft_names import Delivery
from gateway.catalog.draft_proof import Proof
from gateway.catalog.draft_service import service_text, setup_of

ID = ({"header": "X-Delivery"},)
SIGNED = Proof([{"hmac": "sha256", "header": "X-Signature"}], "the secret that was given proves it", proven=True)


def test_the_parts_stand_in_the_order_of_a_request():
    """Name, event, id, proof, what is unwrapped, handshakes, and what to set up; an empty part has no line."""
    text = service_text(
        "Acme", "https://acme.example", SIGNED, [{"json": "type"}], Delivery(ID, True), [], [], "Do it."
    )
    assert yamlfile.load(text, "a") == {
        "$schema": "../service.schema.json",
        "name": "Acme",
        "docs": "https://acme.example",
        "event": [{"json": "type"}],
        "delivery_id": [{"header": "X-Delivery"}],
        "verify": [{"hmac": "sha256", "header": "X-Signature"}],
        "setup": "Do it.",
    }
    assert "# the secret that was given proves it\n" in text


def test_an_id_that_was_not_shown_to_be_one_is_a_comment():
    """Taken for an id, what repeats in another event would make the gateway lose that event."""
    text = service_text("Acme", "", SIGNED, [], Delivery(ID), [], [], "Do it.")
    assert "delivery_id" not in yamlfile.load(text, "a")
    assert "# delivery_id: " in text


def test_a_long_entry_has_a_line_for_each_key():
    """So that it can be read and edited."""
    long = {"hmac": "sha256", "header": "X-" + "S" * 80, "message": [{"header": "X-" + "T" * 40}, ".", "body"]}
    text = service_text("Acme", "", Proof([long], "likely"), [], Delivery(), [], [], "Do it.")
    assert yamlfile.load(text, "a")["verify"] == [long]
    assert max(map(len, text.splitlines())) < 120


def test_the_secret_is_part_of_the_steps_of_a_sender_that_signs():
    """Another needs the URL alone."""
    assert setup_of("Acme", SIGNED).endswith("and the secret of the route as its signing secret.")
    assert "secret" not in setup_of("Acme", Proof([], "nothing proves it"))
