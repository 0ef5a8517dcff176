"""Pruning of an array of a module, a layer or a triple: functions, and the methods that they apply."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import jax.numpy as jnp

from purenn import random
from purenn.layers.base import Layer
from purenn.nn.module import Module
from purenn.typing import ArrayLike, Key
from purenn.utils.pruning import BasePruningMethod, PruningContainer, remaining_mask, remove
from purenn.utils.pruning_methods import (
    CustomFromMask,
    Identity,
    L1Unstructured,
    LnStructured,
    RandomStructured,
    RandomUnstructured,
)
from purenn.utils.target import Changed, Triple, bound, computed_of, read

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


def _applied(cls: type[BasePruningMethod], module: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    new = cls.apply(module, name, *args, **kwargs)
    return module if isinstance(module, Module) else new


def identity(module: Changed, name: str) -> Changed:
    """Gives an array a mask of ones.

    Args:
        module: a module, which is changed and returned; a layer or a triple ``(layer, params, state)``, of which a
            changed copy is returned.
        name: the name of the parameter, which is replaced by ``name_orig`` and ``name_mask``.

    Source: ``torch.nn.utils.prune.identity``.

    Example:
        >>> from purenn import nn
        >>> from purenn.utils import prune
        >>> prune.identity(nn.Linear(2, 3), "bias").bias_mask
        Array([1., 1., 1.], dtype=float32)
    """
    return _applied(Identity, module, name)


def random_unstructured(module: Changed, name: str, amount: float, *, rng: Key | None = None) -> Changed:
    """Prunes elements of an array at random.

    Args:
        module: a module, which is changed and returned; a layer or a triple ``(layer, params, state)``, of which a
            changed copy is returned.
        name: the name of the parameter, which is replaced by ``name_orig`` and ``name_mask``.
        amount: the number, or as a float the fraction, of the remaining ones to prune.
        rng: a jax key; needed for a triple.

    Source: ``torch.nn.utils.prune.random_unstructured``.

    Example:
        >>> from purenn import nn
        >>> from purenn.utils import prune
        >>> int(prune.random_unstructured(nn.Linear(2, 3), "weight", amount=1).weight_mask.sum())
        5
    """
    return _applied(RandomUnstructured, module, name, amount, rng=rng)


def l1_unstructured(module: Changed, name: str, amount: float, importance_scores: ArrayLike | None = None) -> Changed:
    """Prunes the elements of an array with the smallest absolute values.

    Args:
        module: a module, which is changed and returned; a layer or a triple ``(layer, params, state)``, of which a
            changed copy is returned.
        name: the name of the parameter, which is replaced by ``name_orig`` and ``name_mask``.
        amount: the number, or as a float the fraction, of the remaining ones to prune.
        importance_scores: the values to compare; None is the array.

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


def random_structured(module: Changed, name: str, amount: float, dim: int, *, rng: Key | None = None) -> Changed:
    """Prunes slices of an array at random.

    Args:
        module: a module, which is changed and returned; a layer or a triple ``(layer, params, state)``, of which a
            changed copy is returned.
        name: the name of the parameter, which is replaced by ``name_orig`` and ``name_mask``.
        amount: the number, or as a float the fraction, of the remaining ones to prune.
        dim: the dimension along which slices are pruned.
        rng: a jax key; needed for a triple.

    Source: ``torch.nn.utils.prune.random_structured``.

    Example:
        >>> from purenn import nn
        >>> from purenn.utils import prune
        >>> int(prune.random_structured(nn.Linear(5, 3), "weight", amount=3, dim=1).weight_mask.sum())
        6
    """
    return _applied(RandomStructured, module, name, amount, dim, rng=rng)


def ln_structured(
    module: Changed, name: str, amount: float, n: float | str, dim: int, importance_scores: ArrayLike | None = None
) -> Changed:
    """Prunes the slices of an array with the smallest norms.

    Args:
        module: a module, which is changed and returned; a layer or a triple ``(layer, params, state)``, of which a
            changed copy is returned.
        name: the name of the parameter, which is replaced by ``name_orig`` and ``name_mask``.
        amount: the number, or as a float the fraction, of the remaining ones to prune.
        n: the norm, as in `LnStructured`.
        dim: the dimension along which slices are pruned.
        importance_scores: the values to compare; None is the array.

    Source: ``torch.nn.utils.prune.ln_structured``.

    Example:
        >>> from purenn import nn
        >>> from purenn.utils import prune
        >>> int(prune.ln_structured(nn.Conv2d(5, 3, 2), "weight", 0.4, n=1, dim=1).weight_mask.sum())
        36
    """
    return _applied(LnStructured, module, name, amount, n, dim, importance_scores=importance_scores)


def custom_from_mask(module: Changed, name: str, mask: ArrayLike) -> Changed:
    """Prunes an array where a mask is 0.

    Args:
        module: a module, which is changed and returned; a layer or a triple ``(layer, params, state)``, of which a
            changed copy is returned.
        name: the name of the parameter, which is replaced by ``name_orig`` and ``name_mask``.
        mask: a mask of the array's shape.

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
    parameters: Iterable[tuple[Module | Triple, str]],
    pruning_method: type[BasePruningMethod],
    importance_scores: Mapping[tuple[Module, str], ArrayLike] | None = None,
    **kwargs: Any,
) -> list[Triple] | None:
    """Prunes several arrays as if they were one.

    Args:
        parameters: pairs of a module, or a triple ``(layer, params, state)``, and a parameter's name.
        pruning_method: a class with ``PRUNING_TYPE`` ``"unstructured"``.
        importance_scores: the values to compare instead of the arrays, by pairs of a module and a name.
        kwargs: the arguments of the method, such as ``amount``; ``rng`` for a random one.

    Returns:
        None for modules, which are changed; else the new triples in order.

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
    arrays, importance, masks = [], [], []
    for target, name in pairs:
        m = bound(target)
        x = read(m, name)
        score = scores.get((target, name)) if isinstance(target, Module) else None
        pruned = isinstance(m._computed.get(name), BasePruningMethod)
        arrays.append(x)
        importance.append((x if score is None else jnp.asarray(score)).ravel())
        masks.append((read(m, name + "_mask") if pruned else jnp.ones_like(x)).ravel())
    with random.seeded(random.default_generator() if rng is None else random.Stream(rng)):
        mask = remaining_mask(method, jnp.concatenate(importance), jnp.concatenate(masks))
    new, start = [], 0
    for (target, name), x in zip(pairs, arrays, strict=True):
        new.append(custom_from_mask(target, name, mask[start : start + x.size].reshape(x.shape)))
        start += x.size
    return None if all(isinstance(target, Module) for target, _ in pairs) else new


def is_pruned(module: Module | Layer | Triple) -> bool:
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
    return any(isinstance(c, BasePruningMethod) for part in _parts(module) for c in computed_of(part).values())


def _parts(target: Module | Layer | Triple) -> Iterator[Any]:
    """A module or layer and all below it."""
    layer = target if isinstance(target, Module | Layer) else target[0]
    yield layer
    for child in layer.children().values() if isinstance(layer, Layer) else layer.children():
        yield from _parts(child)
