"""Pruned arrays: an original times a mask that a pruning method computes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from purenn import random
from purenn.layers.base import Constant, Layer
from purenn.layers.bound import Bound
from purenn.layers.spec import as_value
from purenn.nn.module import Module
from purenn.typing import Array, ArrayLike, Key
from purenn.utils.computed import Computed
from purenn.utils.target import Changed, Triple, change, computed_of, detach, read, replace, set_computed

__all__ = ["BasePruningMethod", "PruningContainer", "remaining_mask", "remove"]


class BasePruningMethod(Computed):
    """The base of pruning methods: a subclass computes the mask in `compute_mask`.

    ``PRUNING_TYPE`` says which part of an array that was pruned before is passed to `compute_mask`: the kept elements
    as a vector (``"unstructured"``), the kept slices along ``dim`` (``"structured"``) or all of it (``"global"``).
    Random numbers come from the default generator (`purenn.random.default_generator`), or from ``rng=``.

    Source: ``torch.nn.utils.prune.BasePruningMethod``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import nn
        >>> from purenn.utils import prune
        >>> class EverySecond(prune.BasePruningMethod):
        ...     PRUNING_TYPE = "unstructured"
        ...     def compute_mask(self, t, default_mask):
        ...         return default_mask.ravel().at[::2].set(0).reshape(default_mask.shape)
        >>> m = nn.Linear(3, 2)
        >>> method = EverySecond.apply(m, "weight")
        >>> m.weight_mask
        Array([[0., 1., 0.],
               [1., 0., 1.]], dtype=float32)
    """

    PRUNING_TYPE: str
    _tensor_name: str | None = None
    _scores: Constant | None = None
    suffixes = ("_orig", "_mask")

    @property
    def name(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        if self._tensor_name is None:
            raise ValueError(f"{type(self).__name__} isn't applied to an array yet")
        return self._tensor_name

    def __eq__(self, other: object) -> bool:
        return self is other or (type(self) is type(other) and self._content() == other._content())  # pyright: ignore

    def __hash__(self) -> int:
        return hash((type(self), self._content()))

    def _content(self) -> tuple[Any, ...]:
        return tuple((name, as_value(value)) for name, value in sorted(vars(self).items(), key=lambda item: item[0]))

    def compute_mask(self, t: Array, default_mask: Array) -> Array:
        """The mask of an array: 1 for elements that are kept, 0 for others.

        Args:
            t: the importance of the elements, usually the array itself.
            default_mask: the mask so far, of the same shape; its zeros stay.
        """
        raise NotImplementedError(f"{type(self).__name__} has no compute_mask")

    def __call__(self, m: Bound) -> Any:
        return self.apply_mask(m)

    def apply_mask(self, module: Bound) -> Any:
        """The pruned array of a module: its ``weight_orig`` times its ``weight_mask``."""
        original = getattr(module, self.name + "_orig")
        return getattr(module, self.name + "_mask").astype(original.dtype) * original

    def split(self, x: jax.Array) -> tuple[dict[str, Any], dict[str, Any]]:
        mask = x if _shapes_only() else self._mask(x)
        return {self.name + "_orig": x}, {self.name + "_mask": mask}

    def _mask(self, x: jax.Array) -> jax.Array:
        """The mask of an array without an earlier mask."""
        return self.compute_mask(self._importance(x), default_mask=jnp.ones_like(x))

    def _importance(self, x: jax.Array) -> jax.Array:
        return x if self._scores is None else jnp.asarray(self._scores.array)

    @classmethod
    def apply(
        cls,
        module: Module | Layer | Triple,
        name: str,
        *args: object,
        importance_scores: ArrayLike | None = None,
        rng: Key | None = None,
        **kwargs: object,
    ) -> Any:
        """Prunes an array; if it is pruned already, the remaining part.

        Args:
            module: a module, which is changed and returned; a layer or a triple ``(layer, params, state)``, of which a
            changed copy is returned.
            name: the name of the parameter, which is replaced by ``name_orig`` and ``name_mask``.
            args, kwargs: the arguments of the method.
            importance_scores: the importance of the elements; None is the array.
            rng: a jax key; needed for a triple if the method is random.

        Returns:
            For a module the method, or a `PruningContainer` if the array was pruned before; else the new layer or
            triple.
        """
        method = cls(*args, **kwargs)
        method._tensor_name = name
        if importance_scores is not None:
            method._scores = Constant(importance_scores)
        new = change(module, lambda m: _prune(m, name, method), rng)
        return computed_of(module)[name] if isinstance(module, Module) else new

    def prune(self, t: Array, default_mask: Array | None = None, importance_scores: Array | None = None) -> Any:
        """An array with zeros where this method prunes it.

        Args:
            t: the array.
            default_mask: its mask so far.
            importance_scores: the importance of its elements; None is the array.
        """
        scores = t if importance_scores is None else importance_scores
        _check_scores(scores, t)
        return t * self.compute_mask(scores, default_mask=jnp.ones_like(t) if default_mask is None else default_mask)

    def remove(self, module: Any) -> Any:
        """Makes the pruned array of a module a plain parameter, with its zeros."""
        return remove(module, self.name)


def _check_scores(scores: Array | np.ndarray, x: Array) -> None:
    if scores.shape != x.shape:
        raise ValueError(f"importance_scores must be of the array's shape {x.shape}, got shape {scores.shape}")


def _shapes_only() -> bool:
    """Whether a layer is run for shapes alone, so that a mask may have any values."""
    return isinstance(random.default_generator(), random.ShapesOnly)


def _prune(m: Bound, name: str, method: BasePruningMethod) -> None:
    """The edit that prunes an array, or the rest of it."""
    old, x = m._computed.get(name), read(m, name)
    if old is not None and not isinstance(old, BasePruningMethod):
        raise RuntimeError(f"{name!r} of {m!r} is computed already and can't be pruned")
    if method._scores is not None:
        _check_scores(method._scores.array, x)
    if old is None:
        return replace(m, method)
    container = PruningContainer(*(old if isinstance(old, PruningContainer) else [old]), method)
    if not _shapes_only():
        setattr(m, name + "_mask", container.compute_mask(method._importance(x), getattr(m, name + "_mask")))
    set_computed(m, {**m._computed, name: container})


def remove(module: Changed, name: str) -> Changed:
    """Makes a pruned array a plain parameter again, with its zeros.

    Args:
        module: a module, which is changed; a triple ``(layer, params, state)``; or a layer alone, which is returned
            without the pruning.
        name: the name of the parameter.

    Returns:
        The module; or the new triple or layer.

    Raises:
        ValueError: the array isn't pruned.

    Source: ``torch.nn.utils.prune.remove``.

    Example:
        >>> from purenn import nn
        >>> from purenn.utils import prune
        >>> m = prune.remove(prune.l1_unstructured(nn.Linear(2, 3), "weight", amount=2), "weight")
        >>> sorted(m.state_dict()), int((m.weight == 0).sum())
        (['bias', 'weight'], 2)
    """
    refusal = f"Parameter {name!r} of module {module!r} has to be pruned before pruning can be removed"
    return detach(module, name, BasePruningMethod, refusal)


class PruningContainer(BasePruningMethod):
    """Several pruning methods of one array, in their order.

    Source: ``torch.nn.utils.prune.PruningContainer``.

    Example:
        >>> from purenn import nn
        >>> from purenn.utils import prune
        >>> m = prune.l1_unstructured(prune.l1_unstructured(nn.Linear(4, 2), "weight", 2), "weight", 0.5)
        >>> int(m.weight_mask.sum())
        3
    """

    def __init__(self, *args: Any):
        self._pruning_methods: tuple[BasePruningMethod, ...] = ()
        methods = args[0] if len(args) == 1 and isinstance(args[0], list | tuple) else args
        if methods:
            self._tensor_name = methods[0]._tensor_name
        for method in methods:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: BasePruningMethod | None) -> None:
        """Adds a method, which must be applied to the same array."""
        if method is None:
            return
        if not isinstance(method, BasePruningMethod):
            raise TypeError(f"{type(method)} is not a BasePruningMethod subclass")
        if self._tensor_name != method._tensor_name:
            raise ValueError(
                f"Can only add pruning methods acting on the parameter named {self._tensor_name!r} to {self!r}, "
                f"got one for {method._tensor_name!r}"
            )
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Iterator[BasePruningMethod]:
        return iter(self._pruning_methods)

    def __getitem__(self, idx: int) -> BasePruningMethod:
        return self._pruning_methods[idx]

    def compute_mask(self, t: Array, default_mask: Array) -> Array:
        """The mask so far, with the mask of the last method on the remaining part."""
        return remaining_mask(self._pruning_methods[-1], t, default_mask)

    def _mask(self, x: jax.Array) -> jax.Array:
        first, *rest = self._pruning_methods
        mask = first._mask(x)
        for method in rest:
            mask = remaining_mask(method, method._importance(x * mask), mask)
        return mask


def remaining_mask(method: BasePruningMethod, t: Array, mask: Array) -> Array:
    """A mask with the mask of a method on the part that it keeps."""
    if method.PRUNING_TYPE == "global":
        return method.compute_mask(t, default_mask=mask).astype(t.dtype)
    if isinstance(mask, Tracer):
        raise ValueError("an array can't be pruned again inside a jit: how much is left of it must be known")
    kept, new = np.asarray(mask), mask.astype(t.dtype)
    if method.PRUNING_TYPE == "unstructured":
        where: Any = np.nonzero(kept == 1)
    elif method.PRUNING_TYPE == "structured":
        if not hasattr(method, "dim"):
            raise AttributeError('pruning methods of PRUNING_TYPE "structured" need an attribute dim')
        dim = method.dim + t.ndim if method.dim < 0 else method.dim  # pyright: ignore[reportAttributeAccessIssue]
        if not 0 <= dim < t.ndim:
            raise IndexError(f"there is no dimension {method.dim} in an array of {t.ndim}")  # pyright: ignore
        channels = np.nonzero(kept.sum(tuple(i for i in range(t.ndim) if i != dim)) != 0)[0]
        where = (*(slice(None),) * dim, channels)
    else:
        raise ValueError(f"Unrecognized PRUNING_TYPE {method.PRUNING_TYPE}")
    return new.at[where].set(method.compute_mask(t[where], default_mask=mask[where]).astype(new.dtype))
