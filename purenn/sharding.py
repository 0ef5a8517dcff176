"""Meshes with explicit axes, where the type of an array says how it is sharded.

On such a mesh jax must know the sharding of the result of every operation, and refuses many (a reshape, a scan) whose
sharding isn't given. purenn leaves shardings to the compiler: a function runs over automatic axes, and only its results
get a sharding. This is the one that jax infers for the function; else each result is sharded as the first input in the
dimensions whose sizes agree, such as the batch.
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
    """Whether the mesh around has explicit axes."""
    return AxisType.Explicit in get_abstract_mesh().axis_types


def over_explicit_axes(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Calls a function over automatic axes, where the mesh `has_explicit_axes`."""
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
    """Keys for a function that is traced over automatic axes; they are drawn outside of the trace.

    Without keys the stream counts how many the function needs.
    """

    def start(self, keys: list[Any]) -> _Keys:
        self.keys, self.count = keys, 0
        return self

    def next(self) -> Any:
        self.count += 1
        return self.keys[self.count - 1] if self.keys else jax.random.key(0)


def _spec(array: jax.Array) -> tuple[Any, ...]:
    """The mesh axes of a sharded array by dimension; () for an array that is whole on each device."""
    spec = tuple(jax.typeof(array).sharding.spec)
    return spec if any(axes is not None for axes in spec) else ()


def _outputs(run: Callable[..., Any], arrays: list[Any], mesh: jax.sharding.Mesh | jax.sharding.AbstractMesh) -> Any:
    """The shardings of the results."""
    try:
        return jax.tree.map(lambda out: out.sharding, jax.eval_shape(run, *arrays))
    except Exception:  # jax has several kinds for "the sharding must be given"; other errors are raised again below
        shapes = jax.eval_shape(run, *(jax.ShapeDtypeStruct(a.shape, a.dtype) for a in arrays))
    first = next(array for array in arrays if _spec(array))
    spec = _spec(first)

    def like_first(out: jax.ShapeDtypeStruct | jax.Array) -> NamedSharding:
        sizes = zip(spec, first.shape, out.shape, strict=False)
        return NamedSharding(mesh, PartitionSpec(*[axes if size == other else None for axes, size, other in sizes]))

    return jax.tree.map(like_first, shapes)
