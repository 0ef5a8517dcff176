"""Layers and modules in a notebook: a tree that folds, with the shapes, statistics and histograms of their arrays.

The page carries all that it needs, and every text is escaped. Arrays that can't be read (shapes, tracers, deleted
arrays, arrays of other processes) are shown by shape and dtype.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from purenn.variable import Variable

if TYPE_CHECKING:
    from purenn.layers.base import Bound, Layer

__all__ = ["layer_html", "module_html"]

_SAMPLE = 1 << 16  # the most numbers of an array that its statistics are computed from
_ARRAYS = 512  # the most arrays with statistics in one page
_BINS = 24
_OPEN = 2  # levels that are open at first
_STYLE = "font-family:monospace;font-size:13px;line-height:1.5"


class _Page:
    """Counts the arrays whose statistics are shown."""

    def __init__(self) -> None:
        self.left = _ARRAYS

    def array(self, name: str, kind: str, value: object) -> str:
        """One line for an array."""
        head = f"<b>{html.escape(name)}</b> {html.escape(_described(value))} <i>{kind}</i>"
        numbers = None
        if self.left > 0:
            numbers = _numbers(value)
            self.left -= 1
        return f"<div style='margin-left:1.5em'>{head}{'' if numbers is None else _statistics(numbers, value)}</div>"


def module_html(module: Bound) -> str:
    """A bound layer or module with its arrays."""
    page = _Page()
    return f"<div style='{_STYLE}'>{_branch(page, '', module, 0)}</div>"


def layer_html(layer: Layer) -> str:
    """A layer with the arrays that it asks for."""
    page = _Page()
    return f"<div style='{_STYLE}'>{_layer(page, '', layer, 0)}</div>"


def _branch(page: _Page, name: str, m: Bound, level: int) -> str:
    lines = [
        page.array(key, _kind(group, variable), variable.value)
        for group in ("_parameters", "_buffers")
        for key, variable in vars(m)[group].items()
        if variable is not None
    ]
    children = [_branch(page, key, child, level + 1) for key, child in m._modules.items() if child is not None]
    count = sum(_size(v.value) for v in _unique(m, set()))
    return _folded(name, m._get_name(), m.extra_repr(), count, [*lines, *children], level)


def _layer(page: _Page, name: str, layer: Layer, level: int) -> str:
    lines = []
    for kind, specs in (("parameter", layer.parameters()), ("buffer", layer.buffers())):
        for key, spec in specs.items():
            if spec is not None:
                dtype = np.dtype(spec.dtype or getattr(layer, "dtype", None) or np.float32)
                lines.append(page.array(key, kind, jax.ShapeDtypeStruct(spec.shape, dtype)))
    children = [_layer(page, key, child, level + 1) for key, child in layer.children().items()]
    return _folded(name, layer._get_name(), layer.extra_repr(), _elements(layer), [*lines, *children], level)


def _elements(layer: Layer) -> int:
    count = sum(math.prod(s.shape) for s in layer.parameters().values() if s is not None)
    return count + sum(map(_elements, layer.children().values()))


def _folded(name: str, kind: str, extra: str, count: int, lines: Iterable[str], level: int) -> str:
    title = f"{html.escape(name)}: " if name else ""
    extra = f"({html.escape(extra)})" if extra else ""
    number = f" <span style='opacity:.6'>{count:,} parameters</span>" if count else ""
    head = f"{title}<b>{html.escape(kind)}</b>{extra}{number}"
    inside = "".join(lines)
    margin = "margin-left:1.5em" if level else ""
    if not inside:
        return f"<div style='{margin}'>{head}</div>"
    is_open = " open" if level < _OPEN else ""
    return f"<details style='{margin}'{is_open}><summary>{head}</summary>{inside}</details>"


def _kind(group: str, variable: Variable) -> str:
    if group == "_buffers":
        return "buffer"
    return "parameter" if variable.requires_grad else "parameter, frozen"


def _unique(m: Bound, seen: set[int]) -> list[Variable]:
    """The variables of the parameters of a bound layer and of all below it, each once."""
    variables = []
    for variable in m._parameters.values():
        if variable is not None and id(variable) not in seen:
            seen.add(id(variable))
            variables.append(variable)
    for child in m._modules.values():
        if child is not None:
            variables += _unique(child, seen)
    return variables


def _size(value: object) -> int:
    return math.prod(getattr(value, "shape", ()))


def _described(value: object) -> str:
    return f"{getattr(value, 'dtype', type(value).__name__)}[{', '.join(map(str, getattr(value, 'shape', ())))}]"


def _numbers(value: object) -> np.ndarray | None:
    """An array's numbers, or an evenly spaced sample of them; None where they can't be read."""
    if isinstance(value, Tracer) or not isinstance(value, jax.Array | np.ndarray) or not value.size:
        return None
    if isinstance(value, jax.Array) and (value.is_deleted() or not value.is_fully_addressable):
        return None
    if jnp.issubdtype(value.dtype, jax.dtypes.extended):
        return None
    flat = np.asarray(value).reshape(-1)
    flat = flat[:: -(-flat.size // _SAMPLE)]
    if np.iscomplexobj(flat):
        flat = np.abs(flat)
    return flat.astype(np.float64)


def _statistics(numbers: np.ndarray, value: object) -> str:
    finite = numbers[np.isfinite(numbers)]
    parts = []
    if finite.size:
        words = {"mean": finite.mean(), "std": finite.std(), "min": finite.min(), "max": finite.max()}
        parts.append(" ".join(f"{word} {number:.3g}" for word, number in words.items()))
    if finite.size < numbers.size:
        parts.append(f"<b style='color:#c00'>{numbers.size - finite.size:,} not finite</b>")
    if numbers.size < _size(value):
        parts.append(f"of {numbers.size:,} of {_size(value):,} numbers")
    return f" <span style='opacity:.75'>{', '.join(parts)}</span>{_histogram(finite)}"


def _histogram(numbers: np.ndarray) -> str:
    """A small picture of the distribution."""
    if numbers.size < 2 or numbers.min() == numbers.max():
        return ""
    with np.errstate(over="ignore"):
        if not np.isfinite(numbers.max() - numbers.min()):
            return ""
    counts, _ = np.histogram(numbers, _BINS)
    heights = np.ceil(16 * counts / counts.max()).astype(int)
    bars = "".join(f"<rect x='{3 * i}' y='{16 - h}' width='2' height='{h}'/>" for i, h in enumerate(heights) if h)
    place = "vertical-align:middle;margin-left:.5em"
    return f"<svg width='{3 * _BINS}' height='16' fill='currentColor' role='img' style='{place}'>{bars}</svg>"
