"""What a document sees besides the payload: the shapes, names, author and states of its service, and the fragments."""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from gateway.catalog.author import AuthorShape
from gateway.catalog.states import StateTable
from gateway.language.document import Compiler, Fragments, NoFragments, SharedName
from gateway.language.template import Engine
from gateway.model import JSON


class Scope(Struct, frozen=True):
    """The surroundings of a document; `digest` is another one where a document would be compiled to something else.

    `callbacks` is what all callbacks of the service have in common, as it is written.
    """

    shapes: Mapping[str, JSON] = {}
    names: Sequence[SharedName] = ()
    author: AuthorShape | None = None
    states: Mapping[str, StateTable] = {}
    fragments: Fragments = NoFragments()
    callbacks: Mapping[str, JSON] = {}
    digest: int = 0

    def compiler(self, engine: Engine) -> Compiler:
        """The compiler of a document."""
        return Compiler(engine, self.names, self.fragments)


ALONE: Final = Scope()
"""The scope of a document that shares nothing."""
