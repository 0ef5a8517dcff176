"""Programs of ``torch.export`` with as many free sizes as possible, and the conditions on these sizes."""

from __future__ import annotations

import ast
import contextlib
import io
import logging
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import torch
from torch.autograd import Function
from torch.export import Dim, ExportedProgram, ShapesCollection
from torch.fx.experimental import _config as config
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

from purenn.interop.convert.arguments import GUARD_NAMES
from purenn.interop.convert.functions import intercepted

__all__ = ["Refused", "depends_on_values", "obtain", "quiet"]

_CONFIG: Any = config


class Refused(Exception):
    """torch.export can't say what the module computes without a look at values."""


def obtain(
    module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], paths: Sequence[str], given_up: set[str]
) -> tuple[ExportedProgram, tuple[str, ...]]:
    """Exports a module with as many free sizes as possible: all, else the first of every tensor, else none.

    Args:
        module: the module.
        args: the example.
        kwargs: its keywords.
        paths: names the leaves of the arguments.
        given_up: choices of free sizes that aren't tried; those that lead to long formulas are added.

    Raises:
        Refused: every export fails; the message is torch's last one.
    """
    error: Exception | None = None
    tensors = [leaf for leaf in pytree.tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor) and leaf.ndim]
    single = any(x.shape[0] == 1 for x in tensors)  # a batch of one, which isn't taken for a size that is always 1
    rules = [(_all_but_ones, True), (_first, True)] if single else []
    for free, oblivious in (*rules, (_every, False), (_first, False), (None, False)):
        every = free in (_all_but_ones, _every)
        if every and "every size" in given_up:
            continue
        shapes = None
        if free is not None:
            collection = ShapesCollection()
            for leaf in tensors:
                collection[leaf] = free(leaf)
            shapes = collection.dynamic_shapes(module, args, kwargs)
        try:
            with quiet(), intercepted(_refuse_function), _CONFIG.patch(backed_size_oblivious=oblivious), _ShortSizes():
                program = torch.export.export(module, args, kwargs, dynamic_shapes=shapes, strict=False)
            if (guards := _guards(program, paths)) is not None:
                return program, guards
        except Refused:
            raise
        except _LongSizes as e:
            error = e
            given_up |= {"every size"} if every else set()
        except Exception as e:
            error = e
            if "ata-dependent" in str(e) or "ata dependent" in str(e):
                break
    raise Refused(f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}") from error


class _LongSizes(Exception):
    """The formulas of sizes have become too long."""


class _ShortSizes(TorchFunctionMode):
    """Ends an export where the formulas of sizes become long.

    torch simplifies the formulas of all sizes again and again, and walks them as trees. A formula that has its
    predecessor twice, as the size after a padding to a multiple has, doubles with every layer: such an export takes
    minutes, or no end, where one with fixed heights and widths takes seconds. The limit is on terms, not on seconds, so
    that a module is converted in the same way on every machine.

    Attributes:
        SHORT: the number of terms up to which a formula doesn't count.
        BUDGET: the number of terms that all longer formulas together may have.
    """

    SHORT, BUDGET = 16, 2048

    def __init__(self) -> None:
        super().__init__()
        self.left = self.BUDGET

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        for x in result if isinstance(result, tuple | list) else (result,):
            for size in x.shape if isinstance(x, torch.Tensor) else ():
                terms = _terms(size, max(self.left, self.SHORT))
                self.left -= terms if terms > self.SHORT else 0
                if self.left < 0:
                    raise _LongSizes
        return result


def _terms(size: int | torch.SymInt, limit: int) -> int:
    """The number of terms in the formula of a size; counting ends after ``limit``."""
    count, rest = 0, [size.node.expr] if isinstance(size, torch.SymInt) else []
    while rest and count <= limit:
        count += 1
        rest += rest.pop().args
    return count


def _refuse_function(cls: type[Function], args: object) -> None:
    raise Refused(f"torch.export loses the backward pass of {cls.__name__}")


def _all_but_ones(x: torch.Tensor) -> dict[int, Any]:
    return {i: Dim.AUTO for i, size in enumerate(x.shape) if i == 0 or size != 1}


def _every(x: torch.Tensor) -> dict[int, Any]:
    return dict.fromkeys(range(x.ndim), Dim.AUTO)


def _first(x: torch.Tensor) -> dict[int, Any]:
    return {0: Dim.AUTO}


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Inside, torch.export prints nothing about its failures."""
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)


def depends_on_values(value: object) -> bool:
    """Whether a size of a tensor, or a number, follows from the values of a tensor."""
    leaves = pytree.tree_leaves(value)
    sizes = [s for x in leaves for s in (x.shape if isinstance(x, torch.Tensor) else (x,))]
    return any(
        isinstance(s, torch.SymInt | torch.SymFloat | torch.SymBool)
        and any(str(symbol).startswith(("u", "zuf")) for symbol in s.node.expr.free_symbols)
        for s in sizes
    )


_SYMBOLIC = re.compile(r"torch\.sym_(max|min|float|int)\b")
_SIZE = re.compile(r"L\['(\w+)'\]((?:\[[^\]]+\])*)\.size\(\)\[(\d+)\]")


def _guards(program: ExportedProgram, paths: Sequence[str]) -> tuple[str, ...] | None:
    """The conditions of an export on sizes, as expressions over the leaves' shapes; None if one has other terms."""

    def size(match: re.Match[str]) -> str:
        return f"s[{paths.index(match[1] + match[2])}][{match[3]}]"

    try:
        said = tuple(_SYMBOLIC.sub(r"\1", _SIZE.sub(size, guard)) for guard in program._guards_code)
    except ValueError:
        return None
    return said if all(_names(guard) <= GUARD_NAMES.keys() | {"s"} for guard in said) else None


def _names(guard: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(guard)) if isinstance(node, ast.Name)}
