"""Softmax, spectra, contractions and functions of several arrays, whose operators take other arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from purenn import functional as F
from purenn.interop.convert.graph import AnyArray
from purenn.interop.convert.table.registry import TABLE, op
from purenn.typing import Array

__all__: list[str] = []


@op("softmax", "_softmax", "special_softmax")
def softmax(x: AnyArray, dim: int, dtype: np.dtype | bool | None = None) -> Array:
    return F.softmax(x, dim, dtype=None if isinstance(dtype, bool) else dtype)


@op("log_softmax", "_log_softmax", "special_log_softmax")
def log_softmax(x: AnyArray, dim: int, dtype: np.dtype | bool | None = None) -> Array:
    return F.log_softmax(x, dim, dtype=None if isinstance(dtype, bool) else dtype)


for _name in ("block_diag", "broadcast_tensors", "cartesian_prod", "chain_matmul"):  # the operator takes a list
    TABLE[_name] = (lambda function: lambda arrays: function(*arrays))(getattr(F, _name))


@op("tensordot")
def tensordot(x: AnyArray, y: AnyArray, dims_x: Sequence[int], dims_y: Sequence[int]) -> Array:
    return F.tensordot(x, y, (dims_x, dims_y))


@op("einsum")
def einsum(equation: str, operands: Sequence[AnyArray], **_: object) -> Array:
    return F.einsum(equation, *operands)


@op("stft")
def stft(x: AnyArray, n_fft: int, *args: Any, **kwargs: Any) -> Array:
    return _stft(
        x, n_fft, ("hop_length", "win_length", "window", "normalized", *_LAST), args, {"center": False} | kwargs
    )


@op("stft.center")
def stft_center(x: AnyArray, n_fft: int, *args: Any, **kwargs: Any) -> Array:
    names = ("hop_length", "win_length", "window", "center", "pad_mode", "normalized", *_LAST)
    return _stft(x, n_fft, names, args, kwargs)


_LAST = ("onesided", "return_complex", "align_to_window")


def _stft(x: AnyArray, n_fft: int, names: Sequence[str], args: Sequence[Any], kwargs: dict[str, Any]) -> Array:
    arguments = kwargs | dict(zip(names, args, strict=False))
    return F.stft(x, n_fft, **{n: v for n, v in arguments.items() if v is not None})


@op("_cdist_forward")
def cdist(x: AnyArray, y: AnyArray, p: float = 2.0, *_: object) -> Array:
    return F.cdist(x, y, p)
