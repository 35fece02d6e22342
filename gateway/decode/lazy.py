"""Attributes that are computed at first use, without a lock.

`functools.cached_property` has a lock before Python 3.12, one for all objects of a class: a thread that decodes a large
request would hold up the event loop, which decodes a small one. An object of this package is used by one thread at a
time.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class lazy(Generic[T]):  # noqa: N801 - a decorator
    """Turn a method without arguments into an attribute that is computed once and kept in the object."""

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, found: None, owner: type) -> "lazy[T]": ...

    @overload
    def __get__(self, found: object, owner: type) -> T: ...

    def __get__(self, found: object, owner: type) -> "T | lazy[T]":
        if found is None:
            return self
        value = found.__dict__[self._name] = self._compute(found)
        return value
