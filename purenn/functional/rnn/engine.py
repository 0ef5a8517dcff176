"""The engine of the recurrent networks: checks, layers and directions. `lowering.rnn` has the cells and the scan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from purenn import check
from purenn.functional.dropout import dropout
from purenn.functional.rnn.packed import PackedSequence, pack, pad, present
from purenn.lowering.dtypes import widened
from purenn.lowering.rnn import Weights, advance, scan
from purenn.lowering.rnn_steps import LSTM, Cell, State, affine
from purenn.typing import ArrayLike, Key

__all__ = ["run", "run_cell"]


def run_cell(
    where: str,
    cell: Cell,
    input: ArrayLike,
    hx: ArrayLike | Sequence[ArrayLike] | None,
    w_ih: ArrayLike,
    w_hh: ArrayLike,
    b_ih: ArrayLike | None,
    b_hh: ArrayLike | None,
) -> Any:
    """Checks the arguments and takes one step of a cell; returns a tuple of its states."""
    x = check.array(where, "input", input)
    check.rank(where, "input", x, (1, 2), "(I) or (N, I)")
    check.floating(where, "input", x)
    named = {"ih": ("w_ih", w_ih), "hh": ("w_hh", w_hh), "b_ih": ("b_ih", b_ih), "b_hh": ("b_hh", b_hh)}
    named = {field: pair for field, pair in named.items() if pair[1] is not None or field in ("ih", "hh")}
    _check_features(where, "input", x, named["ih"][1])
    weights = _weights(where, cell, x, x.shape[-1], named)
    state = _state(where, cell, x, hx, x.shape[:-1], weights.sizes)
    wide, state, weights = jax.tree.map(widened, (x, state, weights))
    new = advance(cell, affine(wide, weights.ih, weights.b_ih), state, weights)
    return tuple(part.astype(x.dtype) for part in new)


def run(
    where: str,
    cell: Cell,
    input: ArrayLike | PackedSequence,
    hx: ArrayLike | Sequence[ArrayLike] | None,
    params: Sequence[ArrayLike],
    has_biases: bool,
    num_layers: int,
    dropout_p: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
    rng: Key | None,
) -> Any:
    """Runs a network of layers in one or two directions; returns a tuple of its output and its last states."""
    packed = input if isinstance(input, PackedSequence) else None
    x, valid = check.array(where, "input", input if packed is None else packed.data), None
    if packed is None:
        check.rank(where, "input", x, (2, 3), "(L, I) or (N, L, I)" if batch_first else "(L, I) or (L, N, I)")
        x = x.swapaxes(0, 1) if batch_first and x.ndim == 3 else x
    else:
        check.rank(where, "input.data", x, (2,), "(elements, I)")
        valid = present(where, packed)
        x = pad(packed._replace(data=x), valid)
    if x.shape[0] == 0:
        check.fail(where, "input", "have length 1 or more", 0)
    check.floating(where, "input", x)
    check.probability(where, "dropout", dropout_p)
    layers = _grouped(where, cell, x, params, has_biases, num_layers, 2 if bidirectional else 1)
    leading = (len(layers) * len(layers[0]), *x.shape[1:-1])
    state = _state(where, cell, x, hx, leading, layers[0][0].sizes)
    if packed is not None and packed.sorted_indices is not None and hx is not None:
        state = tuple(s[:, packed.sorted_indices] for s in state)
    last: list[State] = []
    for number, directions in enumerate(layers):
        if number and train and dropout_p > 0:
            x = dropout(x, dropout_p, True, rng=None if rng is None else jax.random.fold_in(rng, number))
        outputs = []
        for backwards, weights in enumerate(directions):
            h, end = scan(cell, x, tuple(s[len(last)] for s in state), weights, valid, bool(backwards))
            outputs.append(h)
            last.append(end)
        x = outputs[0] if len(outputs) == 1 else jnp.concatenate(outputs, -1)
    ends = tuple(jnp.stack(kind) for kind in zip(*last, strict=True))
    if packed is None:
        return (x.swapaxes(0, 1) if batch_first and x.ndim == 3 else x, *ends)
    if packed.unsorted_indices is not None:
        ends = tuple(end[:, packed.unsorted_indices] for end in ends)
    assert valid is not None
    return (packed._replace(data=pack(x, valid, packed.data.shape[0])), *ends)


def _grouped(
    where: str,
    cell: Cell,
    x: jax.Array,
    params: Sequence[ArrayLike],
    has_biases: bool,
    num_layers: int,
    directions: int,
) -> list[list[Weights]]:
    """Returns the weights by layer and direction; there are projections if the number of arrays says so."""
    fields = ("ih", "hh", *(("b_ih", "b_hh") if has_biases else ()), "hr")
    cells = check.integer(where, "num_layers", num_layers, 1) * directions
    sizes = [len(fields) - 1, len(fields)] if cell is LSTM else [len(fields) - 1]
    if not isinstance(params, Sequence) or len(params) not in [cells * n for n in sizes]:
        number = " or ".join(str(n) for n in sizes)
        expected = f"be {number} arrays for each of {num_layers} layers and {directions} directions"
        actual = len(params) if isinstance(params, Sequence) else type(params).__name__
        check.fail(where, "params", expected, actual)
    _check_features(where, "input", x, params[0])
    size, inputs, weights = len(params) // cells, x.shape[-1], []
    for start in range(0, len(params), size):
        named = {f: (f"params[{start + i}]", params[start + i]) for i, f in enumerate(fields[:size])}
        weights.append(_weights(where, cell, x, inputs, named))
        if weights[-1].sizes != weights[0].sizes:
            check.fail(where, f"params from {start}", f"have hidden sizes {weights[0].sizes}", weights[-1].sizes)
        if len(weights) % directions == 0:
            inputs = weights[0].sizes[0] * directions
    return [weights[i : i + directions] for i in range(0, cells, directions)]


def _check_features(where: str, argument: str, x: jax.Array, weight: ArrayLike) -> None:
    """Checks that the input fits the first weight; an error names the input, which the caller passed."""
    shape = getattr(weight, "shape", ())
    if len(shape) == 2 and shape[1] != x.shape[-1]:
        check.fail(where, argument, f"have size {shape[1]} in its last dimension", f"{x.shape[-1]}")


def _weights(where: str, cell: Cell, x: jax.Array, inputs: int, named: Mapping[str, tuple[str, Any]]) -> Weights:
    """Checks the dtypes and shapes of a cell's weights, which come with their names, and returns them."""
    arrays = {field: check.array(where, name, array) for field, (name, array) in named.items()}
    names = {field: name for field, (name, _) in named.items()}
    check.same_dtype(where, input=x, **{names[field]: array for field, array in arrays.items()})
    for field in {"ih", "hh", "hr"} & arrays.keys():
        check.rank(where, names[field], arrays[field], (2,))
    rows = cell.gates * (arrays["ih"].shape[0] // cell.gates)
    out = arrays["hr"].shape[0] if "hr" in arrays else rows // cell.gates
    shapes = {
        "ih": (rows, inputs),
        "hh": (rows, out),
        "b_ih": (rows,),
        "b_hh": (rows,),
        "hr": (out, rows // cell.gates),
    }
    for field, array in arrays.items():
        check.shape(where, names[field], array, shapes[field])
    return Weights(**arrays)


def _state(
    where: str,
    cell: Cell,
    x: jax.Array,
    hx: ArrayLike | Sequence[ArrayLike] | None,
    leading: tuple[int, ...],
    sizes: tuple[int, int],
) -> State:
    """Returns the initial state, h and for an LSTM c; zeros if none is given."""
    shapes = [(*leading, size) for size in sizes[: cell.states]]
    if hx is None:
        return tuple(jnp.zeros(shape, x.dtype) for shape in shapes)
    if cell.states == 1:
        named = {"hx": hx}
    elif isinstance(hx, list | tuple) and len(hx) == 2:
        named = {"hx[0]": hx[0], "hx[1]": hx[1]}
    else:
        check.fail(where, "hx", "be a pair of h and c", getattr(hx, "shape", type(hx).__name__), TypeError)
    arrays = {name: check.array(where, name, array) for name, array in named.items()}
    check.same_dtype(where, input=x, **arrays)
    for (name, array), shape in zip(arrays.items(), shapes, strict=True):
        check.shape(where, name, array, shape)
    return tuple(arrays.values())
