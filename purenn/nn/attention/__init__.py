"""torch.nn.attention: the choice of a kernel, flexible attention, and causal masks."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from enum import IntEnum

from purenn.nn.attention import bias, flex_attention

__all__ = ["SDPBackend", "bias", "flex_attention", "sdpa_kernel"]


class SDPBackend(IntEnum):
    """Ways to compute attention, with torch's numbers."""

    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3
    OVERRIDEABLE = 4


@contextlib.contextmanager
def sdpa_kernel(backends: SDPBackend | Sequence[SDPBackend], set_priority: bool = False) -> Iterator[None]:
    """Says by which of torch's kernels `scaled_dot_product_attention` may be computed.

    There is one formulation here, the plain one, which torch calls ``MATH``, and XLA makes of it what the platform
    has. So the context changes no result: ``MATH`` is what is done anyway, and ``FLASH_ATTENTION``,
    ``EFFICIENT_ATTENTION`` and ``CUDNN_ATTENTION``, which are other ways to the same numbers, are accepted, so that
    ported code runs. ``ERROR``, ``OVERRIDEABLE`` alone and no backend at all name nothing that could be run.

    Args:
        backends: one or several.
        set_priority: ignored; accepted for compatibility with PyTorch.

    Raises:
        TypeError: something else is given. ValueError: nothing is left that could be run.

    Source: ``torch.nn.attention.sdpa_kernel``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> from purenn.nn.attention import SDPBackend, sdpa_kernel
        >>> x = jnp.ones((1, 2, 3))
        >>> with sdpa_kernel(SDPBackend.MATH):
        ...     F.scaled_dot_product_attention(x, x, x).shape
        (1, 2, 3)
    """
    listed = [backends] if isinstance(backends, SDPBackend) else backends
    if not isinstance(listed, list | tuple) or not all(isinstance(backend, SDPBackend) for backend in listed):
        raise TypeError(f"sdpa_kernel: backends must be an SDPBackend or a list of them, got {backends!r}")
    if not set(listed) - {SDPBackend.ERROR, SDPBackend.OVERRIDEABLE}:
        raise ValueError(f"sdpa_kernel: backends must name one that can be run, got {backends!r}")
    yield
