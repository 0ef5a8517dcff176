"""The docstring that activation layers share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from purenn.docstring import documented

INPLACE = "inplace: Ignored; accepted for compatibility with PyTorch."
FLOATING = "TypeError: a call's input isn't floating-point."
REAL = "TypeError: a call's input is boolean or complex."

_ACTIVATION = r"""$does$args

    Shape: any; the output has the input's shape.

    Raises:
        $raises

    Source: ``torch.nn.$name``$source.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.array([-2.0, 0.0, 1.0])
        >>> [round(y, 3) for y in nn.$call(x).tolist()]
        $output
        >>> y, state = layers.$call.apply({}, {}, x)  # the same as a pure function
    """

T = TypeVar("T")


def activation(
    call: str, does: str, output: str, *arguments: str, raises: str = FLOATING, source: str = ""
) -> Callable[[T], T]:
    """Gives the class of an activation its docstring.

    Args:
        call: a call of the constructor, for the example.
        does: the summary, with further sentences.
        output: the output for -2, 0 and 1, rounded to three digits.
        arguments: the entries of ``Args``.
        raises: the entries of ``Raises``.
        source: the paper.
    """
    entries = "".join(f"\n        {entry}" for entry in arguments)
    return documented(
        _ACTIVATION,
        call=call,
        name=call.partition("(")[0],
        does=does,
        output=output,
        args=f"\n\n    Args:{entries}" if arguments else "",
        raises=raises,
        source=source and f"; {source}",
    )
