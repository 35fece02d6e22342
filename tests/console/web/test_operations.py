"""What the console is made of: operations and who may call them, and the parts that its topics keep."""

import re

import pytest

from gateway.console.application import TOPICS
from gateway.console.web.auth import Role
from gateway.console.web.operations import Ask, Console, Operation

OPERATIONS = [operation for topic in TOPICS for operation in topic.operations]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_the_path_names_its_segments(operation):
    """The names in braces are those that the operation reads."""
    assert operation.path.startswith("/")
    assert operation.segments == tuple(re.findall(r"{(\w+)}", operation.path))


async def call(_: Ask) -> None:
    """Do nothing."""


@pytest.mark.parametrize(
    ("method", "role", "needed"),
    [
        ("GET", None, Role.READER),
        ("POST", None, Role.ADMIN),
        ("DELETE", None, Role.ADMIN),
        ("POST", Role.READER, Role.READER),
        ("GET", Role.ADMIN, Role.ADMIN),
    ],
)
def test_everybody_looks_and_administrators_change(method, role, needed):
    """Unless the operation says otherwise."""
    one = Operation(method=method, path="/x", name="x", summary="X.", call=call, role=role)
    assert one.needed is needed


class Part:
    """A part that notes its end."""

    def __init__(self, gateway: list) -> None:
        self.gateway = gateway

    async def close(self) -> None:
        """Note it."""
        self.gateway.append(type(self))


class OtherPart(Part):
    """Another one."""


async def test_a_part_is_made_once_and_ends_with_the_console():
    """The gateway is given to it; the last one made ends first, and one asked for afterwards is a new one."""
    ended = []
    console = Console(ended)
    first, other = console.part(Part), console.part(OtherPart)
    assert first.gateway is ended
    assert (console.part(Part), console.part(OtherPart)) == (first, other)
    await console.close()
    assert ended == [OtherPart, Part]
    assert console.part(Part) is not first
