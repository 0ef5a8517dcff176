"""A machine for pickles that builds numbers, texts, containers and what a table names, and calls nothing else.

Python's own unpickler calls what the file asks for, and trusts the sizes that it declares. This one looks a name up in
a table that it is given, never imports, and takes no memory but for what the file has bytes for.
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from purenn.interop.checkpoint.errors import CheckpointError

__all__ = ["Builder", "OddKey", "Opaque", "load_pickle", "safe_key"]

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


class _Mark:
    pass


_MARK = _Mark()


def load_pickle(
    data: memoryview, start: int, find: Callable[[str, str], Any], persistent: Callable[[Any], Any]
) -> tuple[Any, int]:
    """Runs the pickle that begins at a place.

    Args:
        data: the bytes.
        start: where the pickle begins.
        find: gives what stands for a global's module and name.
        persistent: gives what stands for a persistent id.

    Returns:
        The object, and where the pickle ended.

    Raises:
        CheckpointError: the pickle is damaged, or asks for what isn't built.
    """
    machine = _Machine(data, start, find, persistent)
    try:
        return machine.run(), machine.at
    except CheckpointError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, struct.error) as error:
        raise CheckpointError(f"the pickle is damaged at byte {machine.at}: {str(error)[:200]}") from error


def safe_key(value: Any) -> Any:
    """A dict's key; one whose hash could be chosen by the file is hashed by identity."""
    if value is None or type(value) in (str, bytes, bool, float, Opaque, OddKey):
        return value
    return value if type(value) is int and abs(value) < 1 << 64 else OddKey(value)


class _Machine:
    def __init__(self, data: memoryview, start: int, find: Callable[[str, str], Any], persistent: Callable[[Any], Any]):
        self.data, self.at, self.find, self.persistent = data, start, find, persistent
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        data, operations = self.data, _OPERATIONS
        while True:
            code = data[self.at]
            self.at += 1
            if code == 0x2E:  # STOP
                return self.pop()
            operation = operations.get(code)
            if operation is None:
                raise CheckpointError(f"the pickle is damaged at byte {self.at - 1}: no operation has code {code}")
            operation(self)

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

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        value = self.stack.pop()
        if value is _MARK:
            raise CheckpointError(f"the pickle is damaged at byte {self.at}: a mark stands where a value must")
        return value

    def items(self) -> list[Any]:
        """Pops all that was pushed since the last mark."""
        stack = self.stack
        at = len(stack) - 1
        while stack[at] is not _MARK:
            at -= 1
            if at < 0:
                raise CheckpointError(f"the pickle is damaged at byte {self.at}: there is no mark")
        found = stack[at + 1 :]
        del stack[at:]
        return found

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

    def call(self, function: Any, args: Any) -> None:
        if not isinstance(args, tuple):
            raise CheckpointError(f"the pickle is damaged at byte {self.at}: arguments must be a tuple")
        if isinstance(function, Builder):
            self.push(function.build(*args))
        elif isinstance(function, Opaque):
            self.push(Opaque(_constructed(function, args), called=True))
        else:
            raise CheckpointError(f"the pickle calls a {type(function).__name__} at byte {self.at}")

    def build(self, state: Any) -> None:
        target = self.stack[-1]
        if isinstance(target, OrderedDict) and isinstance(state, dict) and "_metadata" in state:
            vars(target)["_metadata"] = state["_metadata"]  # of a state_dict: the versions of its modules


def _constructed(function: Opaque, args: tuple[Any, ...]) -> str:
    """The name of what a call gives: of a class that is built by way of copyreg it is the class's."""
    if function.name in ("copyreg._reconstructor", "copy_reg._reconstructor") and args and isinstance(args[0], Opaque):
        return args[0].name
    return function.name


def _integer(machine: _Machine, data: memoryview) -> int:
    if len(data) > INTEGER_BYTES:
        raise CheckpointError(f"the pickle has an integer of {len(data)} bytes at byte {machine.at}")
    return int.from_bytes(data, "little", signed=True)


def _text(data: memoryview) -> str:
    """Text of Python 2, whose coding a pickle doesn't tell."""
    raw = bytes(data)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _quoted(line: str) -> str:
    if len(line) < 2 or line[0] != line[-1] or line[0] not in "'\"":
        raise CheckpointError("the pickle has a text without quotes")
    return line[1:-1].encode().decode("unicode_escape")


def _int_line(line: str) -> int | bool:
    if line in ("00", "01"):
        return line == "01"
    return int(line.removesuffix("L"))


def _dict(m: _Machine) -> None:
    pairs = m.items()
    m.push({})
    m.set_items(pairs)


def _frozen(m: _Machine) -> None:
    m.push(frozenset(map(safe_key, m.items())))


def _get(m: _Machine, place: int) -> None:
    if place not in m.memo:
        raise CheckpointError(f"the pickle is damaged at byte {m.at}: it has nothing at place {place}")
    m.push(m.memo[place])


def _put(m: _Machine, place: int) -> None:
    if m.stack[-1] is _MARK:
        raise CheckpointError(f"the pickle is damaged at byte {m.at}: it keeps a mark")
    m.memo[place] = m.stack[-1]


def _global(m: _Machine, module: Any, name: Any) -> None:
    if type(module) is not str or type(name) is not str:
        raise CheckpointError(f"the pickle is damaged at byte {m.at}: the name of a global must be a text")
    m.push(m.find(module, name))


def _stack_global(m: _Machine) -> None:
    name, module = m.pop(), m.pop()
    _global(m, module, name)


def _reduce(m: _Machine) -> None:
    args, function = m.pop(), m.pop()
    m.call(function, args)


def _new_with_keywords(m: _Machine) -> None:
    keywords, args, cls = m.pop(), m.pop(), m.pop()
    if isinstance(cls, Builder) and keywords:
        raise CheckpointError(f"the pickle calls {cls.name} with keywords at byte {m.at}")
    m.call(cls, args)


def _instance(m: _Machine) -> None:
    module, name = m.line(), m.line()
    args = m.items()
    m.call(m.find(module, name), tuple(args))


def _object(m: _Machine) -> None:
    cls, *args = m.items()
    m.call(cls, tuple(args))


def _tuple(m: _Machine, count: int) -> None:
    values = [m.pop() for _ in range(count)]
    m.push(tuple(reversed(values)))


def _set_item(m: _Machine) -> None:
    value, key = m.pop(), m.pop()
    m.set_items([key, value])


def _one(m: _Machine, into: Callable[[list[Any]], None]) -> None:
    value = m.pop()
    into([value])


def _duplicate(m: _Machine) -> None:
    m.push(m.pop())
    m.push(m.stack[-1])


_OPERATIONS: dict[int, Callable[[_Machine], Any]] = {
    code[0]: operation
    for code, operation in {
        b"\x80": lambda m: m.take(1),
        b"\x95": lambda m: m.take(8),
        b"(": lambda m: m.push(_MARK),
        b"0": lambda m: m.stack.pop(),
        b"1": lambda m: m.items(),
        b"2": _duplicate,
        b"N": lambda m: m.push(None),
        b"\x88": lambda m: m.push(True),
        b"\x89": lambda m: m.push(False),
        b"I": lambda m: m.push(_int_line(m.line())),
        b"L": lambda m: m.push(int(m.line().removesuffix("L"))),
        b"J": lambda m: m.push(m.number("<i")),
        b"K": lambda m: m.push(m.number("<B")),
        b"M": lambda m: m.push(m.number("<H")),
        b"\x8a": lambda m: m.push(_integer(m, m.take(m.number("<B")))),
        b"\x8b": lambda m: m.push(_integer(m, m.take(m.number("<I")))),
        b"F": lambda m: m.push(float(m.line())),
        b"G": lambda m: m.push(m.number(">d")),
        b"S": lambda m: m.push(_quoted(m.line())),
        b"T": lambda m: m.push(_text(m.take(m.number("<I")))),
        b"U": lambda m: m.push(_text(m.take(m.number("<B")))),
        b"V": lambda m: m.push(m.line().encode().decode("raw_unicode_escape")),
        b"X": lambda m: m.push(str(m.take(m.number("<I")), "utf-8", "surrogatepass")),
        b"\x8c": lambda m: m.push(str(m.take(m.number("<B")), "utf-8", "surrogatepass")),
        b"\x8d": lambda m: m.push(str(m.take(m.number("<Q")), "utf-8", "surrogatepass")),
        b"B": lambda m: m.push(bytes(m.take(m.number("<I")))),
        b"C": lambda m: m.push(bytes(m.take(m.number("<B")))),
        b"\x8e": lambda m: m.push(bytes(m.take(m.number("<Q")))),
        b"\x96": lambda m: m.push(bytes(m.take(m.number("<Q")))),
        b"]": lambda m: m.push([]),
        b"l": lambda m: m.push(m.items()),
        b"a": lambda m: _one(m, m.append),
        b"e": lambda m: m.append(m.items()),
        b")": lambda m: m.push(()),
        b"t": lambda m: m.push(tuple(m.items())),
        b"\x85": lambda m: _tuple(m, 1),
        b"\x86": lambda m: _tuple(m, 2),
        b"\x87": lambda m: _tuple(m, 3),
        b"}": lambda m: m.push({}),
        b"d": _dict,
        b"s": _set_item,
        b"u": lambda m: m.set_items(m.items()),
        b"\x8f": lambda m: m.push(set()),
        b"\x90": lambda m: m.add(m.items()),
        b"\x91": _frozen,
        b"g": lambda m: _get(m, int(m.line())),
        b"h": lambda m: _get(m, m.number("<B")),
        b"j": lambda m: _get(m, m.number("<I")),
        b"p": lambda m: _put(m, int(m.line())),
        b"q": lambda m: _put(m, m.number("<B")),
        b"r": lambda m: _put(m, m.number("<I")),
        b"\x94": lambda m: _put(m, len(m.memo)),
        b"c": lambda m: _global(m, m.line(), m.line()),
        b"\x93": _stack_global,
        b"R": _reduce,
        b"\x81": _reduce,  # of a class rather than a function, which makes no difference here
        b"\x92": _new_with_keywords,
        b"i": _instance,
        b"o": _object,
        b"b": lambda m: _one(m, lambda state: m.build(state[0])),
        b"P": lambda m: m.push(m.persistent(m.line())),
        b"Q": lambda m: m.push(m.persistent(m.pop())),
    }.items()
}
