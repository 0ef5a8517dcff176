"""The table of operators, and what its entries share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from purenn import random
from purenn.typing import Key

__all__ = ["ALIASES", "TABLE", "key", "op"]

TABLE: dict[str, Callable[..., Any]] = {}
ALIASES = {
    "__and__": "bitwise_and",
    "__or__": "bitwise_or",
    "__xor__": "bitwise_xor",
    "__lshift__": "bitwise_left_shift",
    "__rshift__": "bitwise_right_shift",
    "_unsafe_view": "view",
    "_reshape_alias": "reshape",
    "_unsafe_index": "index",
    "_unsafe_index_put": "index_put",
    "_conj": "conj",
    "_is_all_true": "all",
    "_is_any_true": "any",
    "unsafe_split": "split",
    "unsafe_chunk": "chunk",
    "numpy_T": "T",
    "matrix_H": "mH",
}
F = TypeVar("F", bound=Callable[..., Any])


def op(*names: str) -> Callable[[F], F]:
    """Puts a function into the table, under names of operators, or of operators with their overload."""

    def add(function: F) -> F:
        for name in names:
            TABLE[name] = function
        return function

    return add


def key() -> Key:
    """The next key of the call around."""
    stream = random.around()
    if stream is None:
        raise ValueError("random numbers are needed here: pass rng=, a jax key such as jax.random.key(0)")
    return stream.next()
