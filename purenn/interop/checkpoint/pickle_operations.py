"""The operations of pickles, protocols 0 to 5, by their codes: each is a function of the `Machine`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from purenn.interop.checkpoint.errors import CheckpointError
from purenn.interop.checkpoint.pickle_stack import INTEGER_BYTES, MARK, Builder, Machine, safe_key

__all__ = ["OPERATIONS"]


def _integer(machine: Machine, data: memoryview) -> int:
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


def _dict(m: Machine) -> None:
    pairs = m.items()
    m.push({})
    m.set_items(pairs)


def _frozen(m: Machine) -> None:
    m.push(frozenset(map(safe_key, m.items())))


def _get(m: Machine, place: int) -> None:
    if place not in m.memo:
        raise CheckpointError(f"the pickle is damaged at byte {m.at}: it has nothing at place {place}")
    m.push(m.memo[place])


def _put(m: Machine, place: int) -> None:
    if m.stack[-1] is MARK:
        raise CheckpointError(f"the pickle is damaged at byte {m.at}: it keeps a mark")
    m.memo[place] = m.stack[-1]


def _global(m: Machine, module: object, name: object) -> None:
    if type(module) is not str or type(name) is not str:
        raise CheckpointError(f"the pickle is damaged at byte {m.at}: the name of a global must be a text")
    m.push(m.find(module, name))


def _stack_global(m: Machine) -> None:
    name, module = m.pop(), m.pop()
    _global(m, module, name)


def _reduce(m: Machine) -> None:
    args, function = m.pop(), m.pop()
    m.call(function, args)


def _new_with_keywords(m: Machine) -> None:
    keywords, args, cls = m.pop(), m.pop(), m.pop()
    if isinstance(cls, Builder) and keywords:
        raise CheckpointError(f"the pickle calls {cls.name} with keywords at byte {m.at}")
    m.call(cls, args)


def _instance(m: Machine) -> None:
    module, name = m.line(), m.line()
    args = m.items()
    m.call(m.find(module, name), tuple(args))


def _object(m: Machine) -> None:
    cls, *args = m.items()
    m.call(cls, tuple(args))


def _tuple(m: Machine, count: int) -> None:
    values = [m.pop() for _ in range(count)]
    m.push(tuple(reversed(values)))


def _set_item(m: Machine) -> None:
    value, key = m.pop(), m.pop()
    m.set_items([key, value])


def _one(m: Machine, into: Callable[[list[Any]], None]) -> None:
    value = m.pop()
    into([value])


def _duplicate(m: Machine) -> None:
    m.push(m.pop())
    m.push(m.stack[-1])


OPERATIONS: dict[int, Callable[[Machine], Any]] = {
    code[0]: operation
    for code, operation in {
        b"\x80": lambda m: m.take(1),
        b"\x95": lambda m: m.take(8),
        b"(": lambda m: m.push(MARK),
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
