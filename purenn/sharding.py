"""Meshes with explicit axes, where an array's type says how it is sharded.

There jax asks of every operation how its result is sharded, and refuses many (a reshape, a scan) without an answer.
The formulations of purenn leave that to the compiler: a function runs over automatic axes inside, and only its results
are given a type. It is what jax itself finds for the function, or else each result is sharded as the first input is
in the dimensions in which they agree, such as the batch.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
from jax.sharding import AxisType, NamedSharding, PartitionSpec, get_abstract_mesh

from purenn import random

__all__ = ["has_explicit_axes", "over_explicit_axes"]


def has_explicit_axes() -> bool:
    """Whether the mesh around has axes that are part of an array's type."""
    return AxisType.Explicit in get_abstract_mesh().axis_types


def over_explicit_axes(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Calls a function over a mesh that `has_explicit_axes`."""
    mesh = get_abstract_mesh()
    leaves, tree = jax.tree.flatten((args, kwargs), is_leaf=lambda leaf: leaf is None)
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, jax.Array)]
    if not any(map(_spec, arrays := [leaves[i] for i in places])):
        return function(*args, **kwargs)

    stream = random.around()
    inside = stream and _Keys()

    def run(keys: list[Any], *arrays: jax.Array) -> Any:
        filled = list(leaves)
        for i, array in zip(places, arrays, strict=True):
            filled[i] = array
        args, kwargs = jax.tree.unflatten(tree, filled)
        with random.drawing_from(inside and inside.start(keys)):
            return function(*args, **kwargs)

    outputs = _outputs(functools.partial(run, []), arrays, mesh)
    keys = [stream.next() for _ in range(inside.count)] if stream and inside else []
    return jax.sharding.auto_axes(run, out_sharding=outputs)(keys, *arrays)


class _Keys(random.Stream):
    """Keys that a function draws while it runs over automatic axes; they come from outside, since there it is traced.

    Without keys it counts how many are needed.
    """

    def start(self, keys: list[Any]) -> _Keys:
        self.keys, self.count = keys, 0
        return self

    def next(self) -> Any:
        self.count += 1
        return self.keys[self.count - 1] if self.keys else jax.random.key(0)


def _spec(array: jax.Array) -> tuple[Any, ...]:
    """The mesh axes by dimension of a sharded array; nothing for one that is whole on each device."""
    spec = tuple(jax.typeof(array).sharding.spec)
    return spec if any(axes is not None for axes in spec) else ()


def _outputs(run: Callable[..., Any], arrays: list[Any], mesh: jax.sharding.Mesh | jax.sharding.AbstractMesh) -> Any:
    """The shardings of the results."""
    try:
        return jax.tree.map(lambda out: out.sharding, jax.eval_shape(run, *arrays))
    except Exception:  # jax has several kinds for "not without being told the sharding"; real faults are raised again
        shapes = jax.eval_shape(run, *(jax.ShapeDtypeStruct(a.shape, a.dtype) for a in arrays))
    first = next(array for array in arrays if _spec(array))
    spec = _spec(first)

    def like_first(out: jax.ShapeDtypeStruct | jax.Array) -> NamedSharding:
        sizes = zip(spec, first.shape, out.shape, strict=False)
        return NamedSharding(mesh, PartitionSpec(*[axes if size == other else None for axes, size, other in sizes]))

    return jax.tree.map(like_first, shapes)
