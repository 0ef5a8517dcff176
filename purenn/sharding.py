"""Meshes with explicit axes, where an array's type says how it is sharded.

There jax asks of every operation how its result is sharded, and refuses many (a reshape, a scan) without an answer.
The formulations of purenn leave that to the compiler: a function runs over automatic axes inside, and only its results
are given a type. It is what jax itself finds for the function, or else each result is sharded as the first input is
in the dimensions in which they agree, such as the batch.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import jax
from jax.sharding import AxisType, NamedSharding, PartitionSpec, get_abstract_mesh

from purenn import random

__all__ = ["over_explicit_axes"]

F = TypeVar("F", bound=Callable[..., Any])


def over_explicit_axes(function: F) -> F:
    """Makes a function run over meshes with explicit axes; elsewhere it is called as it is."""

    @functools.wraps(function)
    def call(*args: object, **kwargs: object) -> Any:
        mesh = get_abstract_mesh()
        if AxisType.Explicit not in mesh.axis_types:
            return function(*args, **kwargs)
        leaves, tree = jax.tree.flatten((args, kwargs), is_leaf=lambda leaf: leaf is None)
        places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, jax.Array)]
        if not any(map(_spec, arrays := [leaves[i] for i in places])):
            return function(*args, **kwargs)

        stream = random.around()
        inside = stream and _Keys()

        def run(keys: list[Any], *arrays: Sequence[Any]) -> Any:
            filled = list(leaves)
            for i, array in zip(places, arrays, strict=True):
                filled[i] = array
            args, kwargs = jax.tree.unflatten(tree, filled)
            with random.drawing_from(inside and inside.start(keys)):
                return function(*args, **kwargs)

        outputs = _outputs(functools.partial(run, []), arrays, mesh)
        keys = [stream.next() for _ in range(inside.count)] if stream and inside else []
        return jax.sharding.auto_axes(run, out_sharding=outputs)(keys, *arrays)

    return call  # pyright: ignore[reportReturnType]


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
