"""Pruning: a weight as an original times a mask, and the ways to choose the mask."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from purenn import random
from purenn.layers.base import Constant, Layer
from purenn.layers.spec import as_value
from purenn.nn.module import Module
from purenn.utils import computed as _computed
from purenn.utils.computed import Computed, Parametrized, attach, computed_of, detach, pure_stream

__all__ = [
    "BasePruningMethod",
    "CustomFromMask",
    "Identity",
    "L1Unstructured",
    "LnStructured",
    "PruningContainer",
    "RandomStructured",
    "RandomUnstructured",
    "custom_from_mask",
    "global_unstructured",
    "identity",
    "is_pruned",
    "l1_unstructured",
    "ln_structured",
    "random_structured",
    "random_unstructured",
    "remove",
]


class BasePruningMethod(Computed):
    """The base of ways to prune: subclass it and say in `compute_mask` what is kept.

    ``PRUNING_TYPE`` says what is left of an array that was pruned before: ``"unstructured"`` its kept elements as a
    vector, ``"structured"`` its kept slices along ``dim``, ``"global"`` all of it. Random numbers come from the default
    generator (`purenn.random.default_generator`), which is that of ``rng=`` where one is given.

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

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask of an array, 1 where it is kept and 0 where it isn't.

        Args:
            t: how important the elements are, usually the array itself.
            default_mask: the mask so far, of the same shape; what it leaves out stays left out.
        """
        raise NotImplementedError(f"{type(self).__name__} has no compute_mask")

    def __call__(self, m: Any) -> Any:
        return self.apply_mask(m)

    def apply_mask(self, module: Any) -> Any:
        """The pruned array of a module: its ``weight_orig`` times its ``weight_mask``."""
        original = getattr(module, self.name + "_orig")
        return getattr(module, self.name + "_mask").astype(original.dtype) * original

    def split(self, x: jax.Array) -> tuple[dict[str, Any], dict[str, Any]]:
        return {self.name + "_orig": x}, {self.name + "_mask": self._mask(x)}

    def _mask(self, x: jax.Array) -> jax.Array:
        """The mask of an array that wasn't pruned before."""
        return self.compute_mask(self._importance(x), default_mask=jnp.ones_like(x))

    def _importance(self, x: jax.Array) -> jax.Array:
        return x if self._scores is None else jnp.asarray(self._scores.array)

    def shapes(self, x: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        return {self.name + "_orig": x}, {self.name + "_mask": x}

    @classmethod
    def apply(
        cls, module: Any, name: str, *args: Any, importance_scores: Any = None, rng: Any = None, **kwargs: Any
    ) -> Any:
        """Prunes an array; if it is pruned already, what is left of it.

        Args:
            module: a module, which is changed; a layer; or a triple ``(layer, params, state)``.
            name: the parameter's; its place is taken by ``name_orig`` and ``name_mask``.
            args: the method's, as are ``kwargs``.
            importance_scores: how important the elements are; None takes the array.
            rng: a jax key; needed for a triple if the method is random.

        Returns:
            For a module the method, a `PruningContainer` from the second time on; else the new layer or triple.
        """
        method = cls(*args, **kwargs)
        method._tensor_name = name
        if importance_scores is not None:
            method._scores = Constant(importance_scores)
        new = _prune(module, name, method, rng)
        return computed_of(module)[name] if isinstance(module, Module) else new

    def prune(self, t: Any, default_mask: Any = None, importance_scores: Any = None) -> Any:
        """An array with zeros where this method prunes it.

        Args:
            t: the array.
            default_mask: its mask so far.
            importance_scores: how important its elements are; None takes the array.
        """
        scores = t if importance_scores is None else importance_scores
        _check_scores(scores, t)
        return t * self.compute_mask(scores, default_mask=jnp.ones_like(t) if default_mask is None else default_mask)

    def remove(self, module: Any) -> Any:
        """Makes the pruned array of a module a plain parameter; the pruning isn't undone."""
        return detach(module, self.name)


def _check_scores(scores: Any, x: Any) -> None:
    if scores.shape != x.shape:
        raise ValueError(f"importance_scores must be of the array's shape {x.shape}, got shape {scores.shape}")


def _prune(target: Any, name: str, method: BasePruningMethod, rng: Any) -> Any:
    """The target with one more pruning of an array."""
    old = computed_of(target).get(name)
    if old is not None and not isinstance(old, BasePruningMethod):
        raise RuntimeError(f"{name!r} of {target!r} is computed already and can't be pruned")
    if method._scores is not None:
        _check_scores(method._scores.array, _read(target, name))
    if old is None:
        return attach(target, method, rng)
    container = PruningContainer(*(old if isinstance(old, PruningContainer) else [old]), method)
    if isinstance(target, Module):
        with random.seeded(random.default_generator() if rng is None else random.Stream(rng)):
            mask = container.compute_mask(method._importance(getattr(target, name)), getattr(target, name + "_mask"))
        setattr(target, name + "_mask", mask)
        _computed.set_computed(target, {**vars(target)["_computed"], name: container})
        return target
    layer = target if isinstance(target, Layer) else target[0]
    assert isinstance(layer, Parametrized)
    new = _computed.with_computed(layer.base, tuple({**computed_of(layer), name: container}.values()))
    if isinstance(target, Layer):
        return new
    _, params, state = target
    with pure_stream(rng):
        mask = container.compute_mask(method._importance(_read(target, name)), state[name + "_mask"])
    return new, params, {**state, name + "_mask": mask}


def _read(target: Any, name: str) -> Any:
    """The array of a name; of a layer alone, its shape and dtype."""
    if isinstance(target, Module):
        return getattr(target, name)
    if isinstance(target, Layer):
        return jax.eval_shape(lambda *trees: getattr(target.bind(*trees), name), *_computed.drawn_shapes(target))
    return getattr(target[0].bind(*target[1:]), name)


class PruningContainer(BasePruningMethod):
    """Several prunings of one array, in the order in which they came.

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
        """Adds one, which must be applied to the same array."""
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

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask so far, and on what it leaves the mask of the last method."""
        return _combined(self._pruning_methods[-1], t, default_mask)

    def _mask(self, x: jax.Array) -> jax.Array:
        first, *rest = self._pruning_methods
        mask = first._mask(x)
        for method in rest:
            mask = _combined(method, method._importance(x * mask), mask)
        return mask


def _combined(method: BasePruningMethod, t: Any, mask: Any) -> Any:
    """The mask of a method on what another leaves."""
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


class Identity(BasePruningMethod):
    """Prunes nothing.

    Source: ``torch.nn.utils.prune.Identity``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.utils import prune
        >>> prune.Identity().prune(jnp.ones(2))
        Array([1., 1.], dtype=float32)
    """

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        return default_mask


def _amount(amount: Any) -> Any:
    if not isinstance(amount, numbers.Real):
        raise TypeError(f"amount must be an integer or a float, got {amount!r}")
    whole = isinstance(amount, numbers.Integral)
    if (whole and amount < 0) or (not whole and not 0.0 <= float(amount) <= 1.0):
        raise ValueError(f"amount={amount} should either be a float in the range [0, 1] or a non-negative integer")
    return amount


def _count(amount: Any, size: int) -> int:
    """How many of `size` are pruned."""
    if not isinstance(amount, numbers.Integral):
        return round(amount * size)
    if int(amount) > size:
        raise ValueError(f"amount={amount} should be smaller than the number of parameters to prune={size}")
    return int(amount)


def _channels(t: Any, dim: int) -> int:
    """How many slices there are."""
    if t.ndim <= 1:
        raise ValueError(f"structured pruning takes arrays of 2 dimensions at least, got shape {t.shape}")
    if not -t.ndim <= dim < t.ndim:
        raise IndexError(f"Invalid index {dim} for tensor of size {t.shape}")
    return t.shape[dim]


def _keep_channels(keep: jax.Array, dim: int, mask: jax.Array) -> jax.Array:
    shape = [1] * mask.ndim
    shape[dim] = -1
    return jnp.where(keep.reshape(shape), mask, jnp.zeros_like(mask))


class _Unstructured(BasePruningMethod):
    PRUNING_TYPE = "unstructured"

    def __init__(self, amount: float):
        self.amount = _amount(amount)

    def _order(self, t: Any) -> jax.Array:
        """The elements, from the first that is pruned to the last."""
        raise NotImplementedError

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        count = _count(self.amount, t.size)
        if count == 0:
            return default_mask
        return default_mask.ravel().at[self._order(t)[:count]].set(0).reshape(default_mask.shape)


class RandomUnstructured(_Unstructured):
    """Prunes elements at random.

    Args:
        amount: how many, or which part of them.

    Source: ``torch.nn.utils.prune.RandomUnstructured``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.utils import prune
        >>> float(prune.RandomUnstructured(0.25).prune(jnp.ones((2, 4))).sum())
        6.0
    """

    def _order(self, t: Any) -> jax.Array:
        return jax.random.permutation(random.default_generator().next(), t.size)


class L1Unstructured(_Unstructured):
    """Prunes the elements of least size.

    Of several with the same size the first are pruned; torch doesn't say which.

    Args:
        amount: how many, or which part of them.

    Source: ``torch.nn.utils.prune.L1Unstructured``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.utils import prune
        >>> prune.L1Unstructured(1).prune(jnp.array([-2.0, 1.0, 3.0]))
        Array([-2.,  0.,  3.], dtype=float32)
    """

    def _order(self, t: Any) -> jax.Array:
        return jnp.argsort(jnp.abs(t).ravel(), stable=True)


class RandomStructured(BasePruningMethod):
    """Prunes slices at random.

    Args:
        amount: how many, or which part of them.
        dim: the dimension along which they lie.

    Source: ``torch.nn.utils.prune.RandomStructured``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.utils import prune
        >>> sorted(prune.RandomStructured(1, dim=0).prune(jnp.ones((2, 3))).sum(1).tolist())
        [0.0, 3.0]
    """

    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, dim: int = -1):
        self.amount, self.dim = _amount(amount), dim

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        size = _channels(t, self.dim)
        count = _count(self.amount, size)
        if count == 0:
            return default_mask
        return _keep_channels(
            jax.random.permutation(random.default_generator().next(), size) >= count, self.dim, default_mask
        )


class LnStructured(BasePruningMethod):
    """Prunes the slices of least norm.

    Args:
        amount: how many, or which part of them.
        n: which norm: a number, also infinite, or ``"fro"`` or, for three dimensions, ``"nuc"``.
        dim: the dimension along which they lie.

    Source: ``torch.nn.utils.prune.LnStructured``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.utils import prune
        >>> prune.LnStructured(1, 2, dim=0).prune(jnp.array([[1.0, 2.0], [3.0, 0.0]]))
        Array([[0., 0.],
               [3., 0.]], dtype=float32)
    """

    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, n: float | str, dim: int = -1):
        self.amount, self.n, self.dim = _amount(amount), n, dim

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        size = _channels(t, self.dim)
        count = _count(self.amount, size)
        if count == 0:
            return default_mask
        order = jnp.argsort(-_norms(t, self.n, self.dim), stable=True)
        keep = jnp.zeros(size, bool).at[order[: size - count]].set(True)
        return _keep_channels(keep, self.dim, default_mask)


def _norms(t: Any, n: Any, dim: int) -> jax.Array:
    """The norms of the slices along a dimension."""
    slices = jnp.moveaxis(t, dim, 0)
    if n == "nuc":
        if t.ndim != 3:
            raise ValueError(f"LnStructured: n='nuc' takes arrays of 3 dimensions, got shape {t.shape}")
        return jnp.sum(jnp.linalg.svd(slices, compute_uv=False), -1)
    n = 2.0 if n == "fro" else float(n)
    flat = slices.reshape(slices.shape[0], -1)
    return jax.vmap(lambda x: jnp.linalg.norm(x, n))(flat)


class CustomFromMask(BasePruningMethod):
    """Prunes where a mask is 0.

    Args:
        mask: of the array's shape.

    Source: ``torch.nn.utils.prune.CustomFromMask``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.utils import prune
        >>> prune.CustomFromMask(jnp.array([0, 1])).prune(jnp.ones(2))
        Array([0., 1.], dtype=float32)
    """

    PRUNING_TYPE = "global"

    def __init__(self, mask: Any):
        self.mask = mask

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        if default_mask.shape != self.mask.shape:
            raise ValueError(f"mask must be of the array's shape {default_mask.shape}, got shape {self.mask.shape}")
        return default_mask * jnp.asarray(self.mask).astype(default_mask.dtype)


# The functions. A module is changed and given back; a layer gives a new layer, whose mask is made with its arrays; a
# triple ``(layer, params, state)`` gives a new triple.


def _applied(cls: type[BasePruningMethod], module: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    new = cls.apply(module, name, *args, **kwargs)
    return module if isinstance(module, Module) else new


def identity(module: Any, name: str) -> Any:
    """Gives an array a mask of ones.

    Args:
        module: a module, which is changed; a layer; or a triple ``(layer, params, state)``.
        name: the parameter's; its place is taken by ``name_orig`` and ``name_mask``.

    Returns:
        The module; or the new layer or triple.

    Source: ``torch.nn.utils.prune.identity``.

    Example:
        >>> from purenn import nn
        >>> from purenn.utils import prune
        >>> prune.identity(nn.Linear(2, 3), "bias").bias_mask
        Array([1., 1., 1.], dtype=float32)
    """
    return _applied(Identity, module, name)


def random_unstructured(module: Any, name: str, amount: float, *, rng: Any = None) -> Any:
    """Prunes elements of an array at random.

    Args:
        module: a module, which is changed; a layer; or a triple ``(layer, params, state)``.
        name: the parameter's; its place is taken by ``name_orig`` and ``name_mask``.
        amount: how many of those that are left, or which part of them.
        rng: a jax key; needed for a triple.

    Returns:
        The module; or the new layer or triple.

    Source: ``torch.nn.utils.prune.random_unstructured``.

    Example:
        >>> from purenn import nn
        >>> from purenn.utils import prune
        >>> int(prune.random_unstructured(nn.Linear(2, 3), "weight", amount=1).weight_mask.sum())
        5
    """
    return _applied(RandomUnstructured, module, name, amount, rng=rng)


def l1_unstructured(module: Any, name: str, amount: float, importance_scores: Any = None) -> Any:
    """Prunes the elements of an array with the least size.

    Args:
        module: a module, which is changed; a layer; or a triple ``(layer, params, state)``.
        name: the parameter's; its place is taken by ``name_orig`` and ``name_mask``.
        amount: how many of those that are left, or which part of them.
        importance_scores: what is compared; None takes the array.

    Returns:
        The module; or the new layer or triple.

    Source: ``torch.nn.utils.prune.l1_unstructured``.

    Example:
        >>> import jax
        >>> from purenn import layers
        >>> from purenn.utils import prune
        >>> params, state = prune.l1_unstructured(layers.Linear(2, 3), "weight", amount=0.5).init(jax.random.key(0))
        >>> sorted(params), float(state["weight_mask"].sum())
        (['bias', 'weight_orig'], 3.0)
    """
    return _applied(L1Unstructured, module, name, amount, importance_scores=importance_scores)


def random_structured(module: Any, name: str, amount: float, dim: int, *, rng: Any = None) -> Any:
    """Prunes slices of an array at random.

    Args:
        module: a module, which is changed; a layer; or a triple ``(layer, params, state)``.
        name: the parameter's; its place is taken by ``name_orig`` and ``name_mask``.
        amount: how many of those that are left, or which part of them.
        dim: the dimension along which they lie.
        rng: a jax key; needed for a triple.

    Returns:
        The module; or the new layer or triple.

    Source: ``torch.nn.utils.prune.random_structured``.

    Example:
        >>> from purenn import nn
        >>> from purenn.utils import prune
        >>> int(prune.random_structured(nn.Linear(5, 3), "weight", amount=3, dim=1).weight_mask.sum())
        6
    """
    return _applied(RandomStructured, module, name, amount, dim, rng=rng)


def ln_structured(
    module: Any, name: str, amount: float, n: float | str, dim: int, importance_scores: Any = None
) -> Any:
    """Prunes the slices of an array with the least norm.

    Args:
        module: a module, which is changed; a layer; or a triple ``(layer, params, state)``.
        name: the parameter's; its place is taken by ``name_orig`` and ``name_mask``.
        amount: how many of those that are left, or which part of them.
        n: which norm, as in `LnStructured`.
        dim: the dimension along which the slices lie.
        importance_scores: what is compared; None takes the array.

    Returns:
        The module; or the new layer or triple.

    Source: ``torch.nn.utils.prune.ln_structured``.

    Example:
        >>> from purenn import nn
        >>> from purenn.utils import prune
        >>> int(prune.ln_structured(nn.Conv2d(5, 3, 2), "weight", 0.4, n=1, dim=1).weight_mask.sum())
        36
    """
    return _applied(LnStructured, module, name, amount, n, dim, importance_scores=importance_scores)


def custom_from_mask(module: Any, name: str, mask: Any) -> Any:
    """Prunes an array where a mask is 0.

    Args:
        module: a module, which is changed; a layer; or a triple ``(layer, params, state)``.
        name: the parameter's; its place is taken by ``name_orig`` and ``name_mask``.
        mask: of the array's shape.

    Returns:
        The module; or the new layer or triple.

    Source: ``torch.nn.utils.prune.custom_from_mask``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import nn
        >>> from purenn.utils import prune
        >>> prune.custom_from_mask(nn.Linear(5, 3), "bias", jnp.array([0, 1, 0])).bias_mask
        Array([0., 1., 0.], dtype=float32)
    """
    return _applied(CustomFromMask, module, name, mask)


def global_unstructured(
    parameters: Iterable[tuple[Any, str]],
    pruning_method: type[BasePruningMethod],
    importance_scores: Any = None,
    **kwargs: Any,
) -> Any:
    """Prunes several arrays as if they were one.

    Args:
        parameters: pairs of a module, or a triple ``(layer, params, state)``, and a parameter's name.
        pruning_method: a class with ``PRUNING_TYPE`` ``"unstructured"``.
        importance_scores: what is compared instead of the arrays: a dict from pairs of a module and a name.
        kwargs: the method's arguments, such as ``amount``, and ``rng`` for a random one.

    Returns:
        None, as the modules are changed; the new triples, in order, where triples are given.

    Raises:
        TypeError: the method isn't unstructured.

    Source: ``torch.nn.utils.prune.global_unstructured``.

    Example:
        >>> from purenn import nn
        >>> from purenn.utils import prune
        >>> net = nn.Sequential(nn.Linear(10, 4), nn.Linear(4, 1))
        >>> prune.global_unstructured([(net[0], "weight"), (net[1], "weight")], prune.L1Unstructured, amount=10)
        >>> int(sum((m.weight_mask == 0).sum() for m in net))
        10
    """
    if not isinstance(parameters, Iterable):
        raise TypeError(f"global_unstructured: parameters must be pairs, got {type(parameters).__name__}")
    pairs = list(parameters)
    scores = {} if importance_scores is None else importance_scores
    if not isinstance(scores, dict):
        raise TypeError(f"global_unstructured: importance_scores must be a dict, got {type(scores).__name__}")
    rng = kwargs.pop("rng", None)
    method = pruning_method(**kwargs)
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(
            f"global_unstructured: pruning_method must be unstructured, got {pruning_method} of {method.PRUNING_TYPE}"
        )
    arrays = [_read(target, name) for target, name in pairs]
    importance, masks = [], []
    for (target, name), x in zip(pairs, arrays, strict=True):
        given = scores.get((target, name)) if isinstance(target, Module) else None
        importance.append((x if given is None else jnp.asarray(given)).ravel())
        pruned = isinstance(computed_of(target).get(name), BasePruningMethod)
        masks.append((_read(target, name + "_mask") if pruned else jnp.ones_like(x)).ravel())
    with random.seeded(random.default_generator() if rng is None else random.Stream(rng)):
        mask = _combined(method, jnp.concatenate(importance), jnp.concatenate(masks))
    new, start = [], 0
    for (target, name), x in zip(pairs, arrays, strict=True):
        new.append(custom_from_mask(target, name, mask[start : start + x.size].reshape(x.shape)))
        start += x.size
    return None if all(isinstance(target, Module) for target, _ in pairs) else new


def remove(module: Any, name: str) -> Any:
    """Makes a pruned array a plain parameter again, with the value it has: the pruning isn't undone.

    Args:
        module: a module, which is changed; a triple ``(layer, params, state)``; or a layer alone, which becomes what it
            was before.
        name: the parameter's.

    Returns:
        The module; or the new triple or layer.

    Raises:
        ValueError: it isn't pruned.

    Source: ``torch.nn.utils.prune.remove``.

    Example:
        >>> from purenn import nn
        >>> from purenn.utils import prune
        >>> m = prune.remove(prune.l1_unstructured(nn.Linear(2, 3), "weight", amount=2), "weight")
        >>> sorted(m.state_dict()), int((m.weight == 0).sum())
        (['bias', 'weight'], 2)
    """
    method = computed_of(module).get(name)
    if not isinstance(method, BasePruningMethod):
        raise ValueError(f"Parameter {name!r} of module {module!r} has to be pruned before pruning can be removed")
    return detach(module, name)


def is_pruned(module: Any) -> bool:
    """Whether an array of a module, or of one below it, is pruned.

    Args:
        module: a module, a layer, or a triple ``(layer, params, state)``.

    Source: ``torch.nn.utils.prune.is_pruned``.

    Example:
        >>> from purenn import nn
        >>> from purenn.utils import prune
        >>> m = nn.Linear(2, 3)
        >>> prune.is_pruned(m), prune.is_pruned(prune.identity(m, "weight"))
        (False, True)
    """
    if isinstance(module, Module):
        return any(isinstance(c, BasePruningMethod) for part in module.modules() for c in computed_of(part).values())
    layer = module if isinstance(module, Layer) else module[0]
    here = any(isinstance(c, BasePruningMethod) for c in computed_of(layer).values())
    return here or any(is_pruned(child) for child in layer.children().values())
