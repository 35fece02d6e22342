"""Values of an object that people may see: what looks like a credential is masked."""

from gateway.language.functions.credentials import MASK, hide, is_credential
from gateway.language.functions.facts import without
from gateway.language.functions.registry import Example, function
from gateway.model import JSON


@function(
    doc="An object such as the parameters of a build, with `***` for what its name or its look calls a credential.",
    examples=[
        Example(
            "{{ parameters | masked | pairs }}",
            {"parameters": {"TARGET": "eu", "DEPLOY_TOKEN": "t0p"}},
            r"TARGET=eu, DEPLOY_TOKEN=\*\*\*",
        )
    ],
)
def masked(value: JSON) -> JSON:
    """See the registration."""
    if not isinstance(value, dict):
        return None
    return {name: _masked(name, inner) for name, inner in value.items()}


def _masked(name: str, value: JSON) -> JSON:
    if isinstance(value, dict | list) and value:
        # What is in it may be a credential, by its own name or by that of the whole.
        left = without({name: value}, ())
        return left[name] if isinstance(left, dict) else MASK
    if is_credential(name, value):
        return MASK
    return hide(value) if isinstance(value, str) else value
