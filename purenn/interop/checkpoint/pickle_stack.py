"""The state of a pickle that runs, and the values that stand for what isn't built.

`pickle_operations` changes the state, operation by operation; `pickle_machine` runs a pickle.
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from purenn.interop.checkpoint.errors import CheckpointError

__all__ = ["INTEGER_BYTES", "MARK", "Builder", "Machine", "OddKey", "Opaque", "safe_key"]

INTEGER_BYTES = 1024  # of the longest integer that is read
LINE_BYTES = 1 << 16  # of the longest line, which protocol 0 has


class Builder:
    """A function that a pickle may call, by the name it has there."""

    def __init__(self, name: str, build: Callable[..., Any]):
        self.name, self.build = name, build


class Opaque:
    """The place of something that isn't built: of a class or function, or an object that one would give."""

    def __init__(self, name: str, called: bool = False):
        self.name, self.called = name, called


class OddKey:
    """The place of a dict's key that is no text and no number."""

    def __init__(self, value: object):
        self.value = value


class Mark:
    """The mark on the stack, below the items of a container."""


MARK = Mark()


def safe_key(value: object) -> object:
    """A dict's key; one whose hash could be chosen by the file is hashed by identity."""
    if value is None or type(value) in (str, bytes, bool, float, Opaque, OddKey):
        return value
    return value if type(value) is int and abs(value) < 1 << 64 else OddKey(value)


class Machine:
    """The state of a pickle that runs: the bytes and the place in them, the stack, the memo.

    Attributes:
        data: the bytes.
        at: the place of the next byte.
        find: gives what stands for a global's module and name.
        persistent: gives what stands for a persistent id.
        stack: the values so far, with marks between them.
        memo: the values that the pickle keeps, by number.
    """

    def __init__(
        self, data: memoryview, start: int, find: Callable[[str, str], Any], persistent: Callable[[object], Any]
    ):
        self.data, self.at, self.find, self.persistent = data, start, find, persistent
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    # Reading.

    def take(self, count: int) -> memoryview:
        end = self.at + count
        if end > len(self.data):
            raise CheckpointError(f"the pickle is truncated: byte {self.at} announces {count} more bytes")
        piece, self.at = self.data[self.at : end], end
        return piece

    def number(self, form: str) -> Any:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def line(self) -> str:
        for longest in (256, LINE_BYTES):
            piece = bytes(self.data[self.at : self.at + longest])
            if (end := piece.find(b"\n")) >= 0:
                self.at += end + 1
                return piece[:end].decode("utf-8")
        raise CheckpointError(f"the pickle is truncated: the line at byte {self.at} has no end")

    # The stack.

    def push(self, value: object) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        value = self.stack.pop()
        if value is MARK:
            raise CheckpointError(f"the pickle is damaged at byte {self.at}: a mark stands where a value must")
        return value

    def items(self) -> list[Any]:
        """Pops all that was pushed since the last mark."""
        stack = self.stack
        at = len(stack) - 1
        while stack[at] is not MARK:
            at -= 1
            if at < 0:
                raise CheckpointError(f"the pickle is damaged at byte {self.at}: there is no mark")
        items = stack[at + 1 :]
        del stack[at:]
        return items

    # Containers.

    def set_items(self, pairs: list[Any]) -> None:
        target = self.stack[-1]
        if isinstance(target, Opaque):
            return
        if not isinstance(target, dict) or len(pairs) % 2:
            raise CheckpointError(f"the pickle is damaged at byte {self.at}: items are set in what is no dict")
        for key, value in zip(map(safe_key, pairs[::2]), pairs[1::2], strict=True):
            if key in target:
                shown = repr(key)[:100] if isinstance(key, str) else type(key).__name__
                raise CheckpointError(f"the pickle has the name {shown} twice in one dict")
            target[key] = value

    def append(self, values: list[Any]) -> None:
        target = self.stack[-1]
        if isinstance(target, list):
            target.extend(values)
        elif not isinstance(target, Opaque):
            raise CheckpointError(f"the pickle is damaged at byte {self.at}: something is appended to what is no list")

    def add(self, values: list[Any]) -> None:
        target = self.stack[-1]
        if isinstance(target, set):
            target.update(map(safe_key, values))
        elif not isinstance(target, Opaque):
            raise CheckpointError(f"the pickle is damaged at byte {self.at}: something is added to what is no set")

    # Objects.

    def call(self, function: object, args: object) -> None:
        if not isinstance(args, tuple):
            raise CheckpointError(f"the pickle is damaged at byte {self.at}: arguments must be a tuple")
        if isinstance(function, Builder):
            self.push(function.build(*args))
        elif isinstance(function, Opaque):
            self.push(Opaque(_constructed(function, args), called=True))
        else:
            raise CheckpointError(f"the pickle calls a {type(function).__name__} at byte {self.at}")

    def build(self, state: object) -> None:
        target = self.stack[-1]
        if isinstance(target, OrderedDict) and isinstance(state, dict) and "_metadata" in state:
            vars(target)["_metadata"] = state["_metadata"]  # of a state_dict: the versions of its modules


def _constructed(function: Opaque, args: tuple[Any, ...]) -> str:
    """The name of what a call gives: of a class that is built by way of copyreg it is the class's."""
    if function.name in ("copyreg._reconstructor", "copy_reg._reconstructor") and args and isinstance(args[0], Opaque):
        return args[0].name
    return function.name
