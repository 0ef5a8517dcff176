"""How ``jax.checkpoint`` decides about a linear map: as about the products that its reference is made of."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.ad_checkpoint
from jax import lax
from jax.core import AbstractValue
from jax.extend.core import Jaxpr, JaxprEqn, Primitive, Var

if TYPE_CHECKING:
    from purenn.lowering.linear_map import LinearMap

__all__ = ["partial_evaluation"]

_PRODUCTS = (lax.dot_general_p, lax.conv_general_dilated_p)


def partial_evaluation(
    saveable: Callable[..., Any], unknown: Sequence[bool], known: Sequence[bool], eqn: JaxprEqn
) -> tuple[JaxprEqn | None, JaxprEqn | None, Sequence[bool], Sequence[bool], list[Var]]:
    """Keeps the outputs if the policy keeps the map itself or a product of its reference.

    The arguments and the result are those of jax's own rules for calls. It returns the equations of the forward and of
    the backward pass, whether each output is unknown to the one and needed by the other, and the inputs to keep.
    """
    count = len(eqn.outvars)
    missing = [v for v, has in zip(eqn.invars, known, strict=True) if isinstance(v, Var) and not has]
    if any(unknown):
        return None, eqn, [True] * count, [True] * count, missing
    avals: list[Any] = [v.aval for v in eqn.invars]
    shapes = tuple(jax.ShapeDtypeStruct(aval.shape, aval.dtype) for aval in avals)
    asked = [(eqn.primitive, avals, eqn.params), *_products(eqn.params["op"], eqn.params["count"], shapes)]
    if any(
        saveable(primitive, *avals, **params) in (True, jax.ad_checkpoint.Saveable)
        for primitive, avals, params in asked
    ):
        return eqn, None, [False] * count, [False] * count, []
    return eqn, eqn, [False] * count, [True] * count, missing


@functools.lru_cache(maxsize=4096)
def _products(
    op: LinearMap, count: int, shapes: tuple[jax.ShapeDtypeStruct, ...]
) -> list[tuple[Primitive, list[AbstractValue], dict[str, Any]]]:
    """The primitive, the operands' shapes and the parameters of each product in the reference."""
    jaxpr = jax.make_jaxpr(lambda *arrays: op.apply(arrays[:count], arrays[count:]))(*shapes).jaxpr
    products = [eqn for eqn in _equations(jaxpr) if eqn.primitive in _PRODUCTS]
    return [(eqn.primitive, [v.aval for v in eqn.invars], eqn.params) for eqn in products]


def _equations(jaxpr: Jaxpr) -> Iterator[JaxprEqn]:
    for eqn in jaxpr.eqns:
        yield eqn
        for inner in jax.tree.leaves([*eqn.params.values()], is_leaf=lambda value: hasattr(value, "eqns")):
            if hasattr(inner, "eqns"):
                yield from _equations(inner)
