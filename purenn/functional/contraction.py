"""Sums of products over shared dimensions: einsum and tensordot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from purenn import check
from purenn.functional.tensor import arrays_of, one_dtype
from purenn.typing import Array, ArrayLike

__all__ = ["einsum", "tensordot"]


def einsum(*args: object) -> Array:
    r"""Sums products of elements, in Einstein's notation.

    ``einsum('ij,jk->ik', a, b)`` is :math:`c_{ik} = \sum_j a_{ij} b_{jk}`: a letter names a dimension of an operand;
    letters that don't occur on the right are summed over. Without ``->`` the result has the letters that occur once,
    capitals first. An ellipsis stands for the remaining dimensions, which broadcast; dimensions of size 1 broadcast
    too. A letter that occurs twice in an operand takes its diagonal.

    Args:
        args: the equation, then the operands, also as one list. Or every operand followed by the list of its
            subscripts, integers from 0 to 51 and ``...``; at the end optionally the list of the result's subscripts.

    Returns:
        An array. A sum within one integer operand has the default integer dtype.

    Raises:
        ValueError: the equation isn't well formed, or the shapes don't fit.
        TypeError: the operands aren't arrays of one dtype (torch promotes where nothing is contracted), or booleans
            are contracted.

    Source: ``torch.einsum``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.einsum("bij,bjk->bik", jnp.ones((2, 3, 4)), jnp.ones((2, 4, 5))).shape
        (2, 3, 5)
        >>> F.einsum(jnp.ones((3, 3)), [0, 0]).item()
        3.0
    """
    if len(args) == 2 and isinstance(args[0], str) and isinstance(args[1], list | tuple):
        args = (args[0], *args[1])
    if len(args) < 2:
        expected = "be an equation and operands, or operands with their subscripts"
        check.fail("einsum", "args", expected, f"{len(args)} arguments")
    if isinstance(args[0], str):
        operands = arrays_of("einsum", args[1:], "operands")
        terms, output = _parse(args[0])
    else:
        last = args[-1] if len(args) % 2 else None
        pairs = args[: len(args) - len(args) % 2]
        operands = arrays_of("einsum", pairs[::2], "operands")
        terms = [_sublist(s) for s in pairs[1::2]]
        output = None if last is None else _sublist(last)
    if len(terms) != len(operands):
        check.fail("einsum", "args", f"be an equation and its {len(terms)} operands", f"{len(operands)} operands")
    one_dtype("einsum", operands, "operands")
    return _contract(operands, terms, output)


Label = str | int  # a letter; for a dimension of the ellipsis its negative index


def _parse(equation: str) -> tuple[list[list[str]], list[str] | None]:
    left, arrow, right = equation.replace(" ", "").partition("->")
    return [_letters(term) for term in left.split(",")], _letters(right) if arrow else None


def _letters(term: str) -> list[str]:
    before, dots, after = term.partition("...")
    letters = [*before, *([dots] if dots else []), *after]
    for letter in letters:
        if letter != "..." and not (letter.isascii() and letter.isalpha()):
            expected = "consist of letters, commas, at most one '->' and one ellipsis per term"
            check.fail("einsum", "equation", expected, repr(term))
    return letters


def _sublist(subscripts: Any) -> list[str]:
    if not isinstance(subscripts, Sequence) or isinstance(subscripts, str):
        check.fail("einsum", "subscripts", "be a list of integers", repr(subscripts), TypeError)
    letters = []
    for s in subscripts:
        if s is not ... and check.integer("einsum", "subscript", s, 0) > 51:
            check.fail("einsum", "subscript", "be at most 51", s)
        letters.append("..." if s is ... else chr(ord("A") + s) if s < 26 else chr(ord("a") + s - 26))
    if letters.count("...") > 1:
        check.fail("einsum", "subscripts", "have at most one ellipsis", subscripts)
    return letters


def _contract(operands: list[jax.Array], terms: list[list[str]], output: list[str] | None) -> jax.Array:
    labels: list[list[Label]] = []
    hidden = 0  # the number of dimensions of the ellipsis
    for i, (x, term) in enumerate(zip(operands, terms, strict=True)):
        ellipsis_rank = x.ndim - len(term) + ("..." in term)
        if ellipsis_rank < 0 or (ellipsis_rank and "..." not in term):
            check.fail("einsum", f"operands[{i}]", f"have the rank that {''.join(term)!r} says", f"shape {x.shape}")
        labels.append([label for t in term for label in (range(-ellipsis_rank, 0) if t == "..." else (t,))])
        hidden = max(hidden, ellipsis_rank if "..." in term else 0)
    under: list[Label] = list(range(-hidden, 0))
    counts = Counter(label for term in labels for label in term if isinstance(label, str))
    if output is None:
        result = under + sorted(label for label, n in counts.items() if n == 1)
    else:
        result = [label for t in output for label in (under if t == "..." else (t,))]
        unknown = [t for t in output if t != "..." and t not in counts]
        if unknown or len(set(result)) < len(result):
            expected = "have a result that uses letters of the operands, each once"
            check.fail("einsum", "equation", expected, "".join(output))
    sizes: dict[Label, int] = {}
    for i, (x, term) in enumerate(zip(operands, labels, strict=True)):
        operand_sizes = {}
        for label, n in zip(term, x.shape, strict=True):
            if operand_sizes.setdefault(label, n) != n:
                check.fail("einsum", f"operands[{i}]", f"have one size where {label!r} is repeated", f"shape {x.shape}")
            if sizes.get(label, 1) not in (1, n) and n != 1:
                expected = f"have size {sizes[label]} in dimension {label!r}, or 1"
                check.fail("einsum", f"operands[{i}]", expected, f"shape {x.shape}")
            sizes[label] = n if sizes.get(label, 1) == 1 else sizes[label]
    for i, (x, term) in enumerate(zip(operands, labels, strict=True)):  # broadcast dimensions are dropped
        keep = [n == sizes[label] for label, n in zip(term, x.shape, strict=True)]
        operands[i] = x.reshape([n for n, k in zip(x.shape, keep, strict=True) if k])
        labels[i] = [label for label, k in zip(term, keep, strict=True) if k]
    holders = Counter(label for term in labels for label in set(term) if label not in result)
    dtype = operands[0].dtype
    if dtype == jnp.bool_ and max(holders.values(), default=0) > 1:
        expected = "be numeric arrays where a dimension of two operands is summed"
        check.fail("einsum", "operands", expected, "dtype bool", TypeError)
    if not jnp.issubdtype(dtype, jnp.inexact) and 1 in holders.values():  # torch sums integers as int64
        operands = [x.astype(int) for x in operands]
    numbers = {label: i for i, label in enumerate(sizes)}
    mixed = [v for x, term in zip(operands, labels, strict=True) for v in (x, [numbers[label] for label in term])]
    return jnp.einsum(*mixed, [numbers[label] for label in result])


def tensordot(a: ArrayLike, b: ArrayLike, dims: int | Sequence[Sequence[int]] | ArrayLike = 2) -> Array:
    r"""Sums the products of two arrays over some of their dimensions.

    .. math:: c_{i_1 \ldots j_1 \ldots} = \sum_{k_1 \ldots k_d} a_{i_1 \ldots k_1 \ldots k_d}\,
        b_{k_1 \ldots k_d\, j_1 \ldots}

    Args:
        a, b: arrays of numbers, of one dtype.
        dims: the number of dimensions to sum over, the last ones of ``a`` and the first ones of ``b``; or two lists,
            the dimensions of ``a`` and the dimensions of ``b``. Either form may be an array.

    Returns:
        An array with the remaining dimensions of ``a``, then those of ``b``.

    Raises:
        ValueError: two sizes differ and neither is 1, or ``dims`` has another form.
        IndexError: a dimension doesn't exist.
        TypeError: the dtypes differ, or are boolean.

    Source: ``torch.tensordot``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.tensordot(jnp.ones((2, 3, 4)), jnp.ones((3, 4, 5))).shape
        (2, 5)
        >>> F.tensordot(jnp.ones((2, 3, 4)), jnp.ones((4, 5, 3)), ([1, 2], [2, 0])).shape
        (2, 5)
    """
    x, y = check.array("tensordot", "a", a), check.array("tensordot", "b", b)
    check.same_dtype("tensordot", a=x, b=y)
    check.numeric("tensordot", "a", x)
    if isinstance(dims, np.ndarray | jax.Array):
        dims = np.asarray(dims).tolist() if dims.size > 1 else int(dims.item())
    if isinstance(dims, int):
        dims = check.integer("tensordot", "dims", int(dims), 0)
        if dims > min(x.ndim, y.ndim):
            check.fail("tensordot", "dims", f"be at most the ranks {x.ndim} and {y.ndim}", dims)
        dims = (range(x.ndim - dims, x.ndim), range(dims))
    pair = dims if isinstance(dims, list | tuple) else ()
    if len(pair) != 2 or not all(isinstance(d, Sequence) for d in pair) or len(pair[0]) != len(pair[1]):
        check.fail("tensordot", "dims", "be an integer, or two lists of one length", repr(dims))
    first = [check.axis("tensordot", "dims[0]", d, x.ndim) for d in pair[0]]
    second = [check.axis("tensordot", "dims[1]", d, y.ndim) for d in pair[1]]
    for i, axes in enumerate((first, second)):
        if len(set(axes)) < len(axes):
            check.fail("tensordot", f"dims[{i}]", "have no repetitions", list(pair[i]))
    for i, j in zip(first, second, strict=True):
        m, n = x.shape[i], y.shape[j]
        if m != n and 1 not in (m, n):
            check.fail("tensordot", "b", f"have size {m} in dimension {j}, like a in dimension {i}", f"shape {y.shape}")
        if m != n and m == 1:  # size 1 broadcasts
            y = jnp.sum(y, j, keepdims=True, dtype=y.dtype)
        elif m != n:
            x = jnp.sum(x, i, keepdims=True, dtype=x.dtype)
    return jnp.tensordot(x, y, (first, second))
