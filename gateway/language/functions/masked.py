"""Values of an object that people may see: what looks like a credential is masked."""

from gateway.language.functions.facts import MASK, hide, is_credential
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
    return {
        name: MASK if is_credential(name, inner) else hide(inner) if isinstance(inner, str) else inner
        for name, inner in value.items()
    }
