"""The text of a drafted service.yaml: how events are named and proven, and what the operator sets up."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gateway.catalog import yamlfile
from gateway.catalog.draft_names import Delivery
from gateway.catalog.draft_proof import Proof
from gateway.catalog.draft_shape import WIDTH, flow

Raw = dict[str, Any]


def service_text(
    name: str,
    docs: str,
    proof: Proof,
    event: Sequence[Raw],
    delivery: Delivery,
    steps: Sequence[Raw],
    handshakes: Sequence[Mapping[str, Any]],
    setup: str,
) -> str:
    """The text of service.yaml."""
    text = "$schema: ../service.schema.json\n" + yamlfile.dump({"name": name, **({"docs": docs} if docs else {})})
    text += f"event: {flow(event)}\n" if event else ""
    if delivery.selectors:
        line = f"delivery_id: {flow(delivery.selectors)}\n"
        unsure = "# if it differs in each event, which these requests do not show:\n# "
        text += line if delivery.is_shown else f"{unsure}{line}"
    text += f"# {proof.comment}\n"
    text += _listed("verify", proof.schemes) + _listed("unwrap", steps) + _listed("handshake", handshakes)
    return text + yamlfile.dump({"setup": setup})


def setup_of(name: str, proof: Proof) -> str:
    """What the operator enters at the sender, as far as the proof says it."""
    where = f"Enter the URL of the route where {name} asks for the URL of a webhook"
    signs = " and the secret of the route as its signing secret" if any("hmac" in one for one in proof.schemes) else ""
    return f"{where}{signs}."


def _listed(key: str, entries: Sequence[Mapping[str, Any]]) -> str:
    if not entries:
        return ""
    lines = [flow(one) for one in entries]
    if all(len(line) < WIDTH for line in lines):
        return f"{key}:\n" + "".join(f"- {line}\n" for line in lines)
    return f"{key}:\n" + "".join(f"- {'  '.join(_entries(one))}" for one in entries)


def _entries(value: Mapping[str, Any]) -> Iterator[str]:
    """Each key of an object in a line of its own."""
    return (f"{key}: {flow(inner)}\n" for key, inner in value.items())
