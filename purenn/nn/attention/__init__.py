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
    """A context that names torch's kernels for `scaled_dot_product_attention`, accepted for compatibility.

    purenn chooses the formulation by itself, and all of torch's kernels compute the same function. So the context
    changes nothing. ``MATH``, ``FLASH_ATTENTION``, ``EFFICIENT_ATTENTION`` and ``CUDNN_ATTENTION`` are accepted, for
    ported code; ``ERROR``, ``OVERRIDEABLE`` alone and no backend at all are refused.

    Args:
        backends: one or several.
        set_priority: ignored; accepted for compatibility with PyTorch.

    Raises:
        TypeError: ``backends`` is anything else. ValueError: no backend that can be run is named.

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
