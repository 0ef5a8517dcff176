"""Linear maps with transposes of their own, in every derivative mode.

A fast lowering often needs a backward pass that autodiff would not find, and ``jax.custom_vjp`` would give up forward
mode for it. Here a map that is linear in its `arguments` (and depends on `residuals` in any way) is one primitive. Its
tangent is the map itself, its transpose is the one that the map names, and ``vmap`` of the map is ``vmap`` of what it
computes. So `grad`, `jvp`, `hessian`, `vmap` and their compositions all reach the fast formulations.

A `LinearMap` has the reference formulation, which every test compares with and every platform can compile. A platform
that has a better one gets a rule: a subclass with that formulation, entered in `RULES` by `rule`.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self, TypeVar

import jax
import jax.numpy as jnp
from jax.core import ShapedArray
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir, partial_eval
from jax.sharding import AbstractMesh, AxisType, NamedSharding, PartitionSpec, use_abstract_mesh

from purenn.lowering.checkpoint import partial_evaluation
from purenn.lowering.varying import varying_as
from purenn.typing import ArrayLike

__all__ = [
    "Arrays",
    "Axes",
    "Formulated",
    "LinearMap",
    "Shaped",
    "Shapes",
    "apply_map",
    "like",
    "map_primitive",
    "rule",
]

Arrays = tuple[jax.Array, ...]
Shaped = jax.Array | jax.ShapeDtypeStruct  # what has a shape and a dtype
Shapes = tuple[jax.ShapeDtypeStruct, ...]
Axes = tuple[int | None, ...]
Tangent = jax.Array | ad.Zero  # or cotangent: jax keeps zeros symbolic
F = TypeVar("F", bound="type[Formulated]")

# The class that formulates a map on a platform, by the map's class and the platform's name in jax ("cpu", "cuda").
RULES: dict[tuple[type[Formulated], str], type[Formulated]] = {}


class Formulated:
    """The base of maps that platforms formulate in ways of their own. Subclasses are frozen dataclasses."""

    # Whether the compiler divides this formulation among devices as well as the reference. It gathers dimensions that a
    # formulation merges, cuts or scans over.
    divisible: ClassVar[bool] = True

    def on(self, platform: str, divided: bool = False) -> Self:
        """Returns the map as the platform formulates it, in a program that is divided among devices or in another."""
        chosen: Any = RULES.get((type(self), platform))
        if chosen is None or (divided and not chosen.divisible):
            return self
        fields: Any = dataclasses.fields(self)  # pyright: ignore[reportArgumentType]
        return chosen(*(getattr(self, field.name) for field in fields))


def rule(of: type[Formulated], platform: str) -> Callable[[F], F]:
    """Enters a subclass of a map's class as the map's formulation on a platform.

    The subclass overrides methods and has no fields of its own. What it leaves out, and what it gives to ``super()``,
    is the reference.
    """

    def enter(formulation: F) -> F:
        RULES[of, platform] = formulation
        for primitive in _PRIMITIVES:
            _compile_for(primitive, platform)
        return formulation

    return enter


class LinearMap(Formulated):
    """A map of tuples of arrays, linear in its arguments together. Subclasses are frozen dataclasses of what is static.

    Only `apply` has to be given: the transpose and the derivative in the residuals follow by autodiff.
    """

    @property
    def primitive(self) -> Primitive:
        """The primitive that stands for the map in a trace."""
        return _PLAIN

    def apply(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        """Computes the outputs."""
        raise NotImplementedError

    def transpose(self, residuals: Arrays, cotangents: Arrays, shapes: Shapes) -> Arrays:
        """Computes the cotangents of the arguments, which have these shapes and dtypes, from those of the outputs."""
        return jax.linear_transpose(lambda *arguments: self.apply(residuals, arguments), *shapes)(cotangents)

    def tangent(self, residuals: Arrays, tangents: Arrays, arguments: Arrays) -> Arrays:
        """Computes the derivative in the residuals along their tangents, which are of float0 for integer residuals."""
        return jax.jvp(lambda *residuals: self.apply(residuals, arguments), residuals, tangents)[1]

    def transposed(self, shapes: Shapes) -> LinearMap:
        """Returns the transpose as a map, for arguments of these shapes."""
        return _Transposed(self, shapes)

    def batched(self, residuals: Axes, arguments: Axes, size: int, arrays: Arrays) -> Arrays:
        """Applies the map to a batch of this size: the first axis of each array whose entry is 0."""
        return apply_map(_Batched(self, residuals, arguments, size), arrays[: len(residuals)], arrays[len(residuals) :])


@dataclasses.dataclass(frozen=True)
class _Wrapped(LinearMap):
    """A map made of another one."""

    of: LinearMap

    @property
    def primitive(self) -> Primitive:
        return self.of.primitive

    def on(self, platform: str, divided: bool = False) -> Self:
        return dataclasses.replace(self, of=self.of.on(platform, divided))


@dataclasses.dataclass(frozen=True)
class _Transposed(_Wrapped):
    shapes: Shapes

    def apply(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        return tuple(self.of.transpose(residuals, arguments, self.shapes))

    def transposed(self, shapes: Shapes) -> LinearMap:
        return self.of


@dataclasses.dataclass(frozen=True)
class _Batched(_Wrapped):
    """A map under ``vmap``, whose batch is the first axis of each array with the entry 0."""

    residuals: Axes
    arguments: Axes
    size: int

    def apply(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        axes = (self.residuals, self.arguments)
        return tuple(jax.vmap(self.of.apply, axes, axis_size=self.size)(residuals, arguments))

    def transpose(self, residuals: Arrays, cotangents: Arrays, shapes: Shapes) -> Arrays:
        single = tuple(
            shape if axis is None else jax.ShapeDtypeStruct(shape.shape[1:], shape.dtype)
            for shape, axis in zip(shapes, self.arguments, strict=True)
        )
        run = jax.vmap(lambda r, c: self.of.transpose(r, c, single), (self.residuals, 0), axis_size=self.size)
        results = run(residuals, cotangents)
        return tuple(jnp.sum(f, 0) if axis is None else f for f, axis in zip(results, self.arguments, strict=True))


def apply_map(op: LinearMap, residuals: Sequence[ArrayLike], arguments: Sequence[ArrayLike]) -> Arrays:
    """Applies a map.

    Args:
        op: the map, hashable: equal ones share what was traced.
        residuals: arrays on which it depends in any way.
        arguments: arrays in which it is linear, all together.

    Returns:
        Its outputs.

    Example:
        >>> import dataclasses, jax, jax.numpy as jnp
        >>> from purenn.lowering.linear_map import LinearMap, apply_map
        >>> @dataclasses.dataclass(frozen=True)
        ... class Scaled(LinearMap):
        ...     def apply(self, residuals, arguments):
        ...         return (residuals[0] * arguments[0],)
        >>> f = lambda w, x: apply_map(Scaled(), (w,), (x,))[0]
        >>> [float(g) for g in jax.grad(f, (0, 1))(2.0, 3.0)], float(jax.jvp(f, (2.0, 3.0), (1.0, 1.0))[1])
        ([3.0, 2.0], 5.0)
    """
    arrays = varying_as([jnp.asarray(a) for a in (*residuals, *arguments)])
    return tuple(op.primitive.bind(*arrays, op=op, count=len(residuals)))


def like(array: Shaped | ShapedArray) -> jax.ShapeDtypeStruct:
    """Returns an array's shape and dtype."""
    return jax.ShapeDtypeStruct(array.shape, array.dtype)


@functools.lru_cache(maxsize=4096)
def _output_shapes(op: LinearMap, count: int, shapes: Shapes) -> Shapes:
    """Returns the shapes of the outputs for arrays of these shapes, `count` of which are residuals."""
    with jax.numpy_dtype_promotion("standard"):
        return tuple(jax.eval_shape(lambda *arrays: op.apply(arrays[:count], arrays[count:]), *shapes))


def _eagerly(*arrays: jax.Array, op: LinearMap, count: int) -> Sequence[jax.Array]:
    if jax.config.jax_disable_jit:  # pyright: ignore[reportAttributeAccessIssue]
        return _applied(jax.default_backend(), False, *arrays, op=op, count=count)  # operation by operation
    return _eager(op, count)(*arrays)


@functools.lru_cache(maxsize=1024)
def _eager(op: LinearMap, count: int) -> Callable[..., Any]:
    return jax.jit(functools.partial(op.primitive.bind, op=op, count=count))


def _mesh(types: Sequence[ShapedArray]) -> AbstractMesh:
    """The mesh of the first type that has one, or an empty mesh."""
    return next((mesh for t in types if not (mesh := t.sharding.mesh).empty), types[0].sharding.mesh)


def _abstract(*avals: ShapedArray, op: LinearMap, count: int) -> list[ShapedArray]:
    mesh = _mesh(avals)
    typed = AxisType.Explicit in mesh.axis_types  # then jax finds how the outputs are sharded, or refuses
    shardings = [NamedSharding(mesh, a.sharding.spec) if typed else None for a in avals]
    structs = (jax.ShapeDtypeStruct(a.shape, a.dtype, sharding=s) for a, s in zip(avals, shardings, strict=True))

    def output(struct: jax.ShapeDtypeStruct) -> ShapedArray:
        sharding = struct.sharding if typed else NamedSharding(mesh, PartitionSpec(*[None] * len(struct.shape)))
        return avals[0].update(shape=struct.shape, dtype=struct.dtype, weak_type=False, sharding=sharding)

    return list(map(output, _output_shapes(op, count, tuple(structs))))


def _jvp(
    primals: Sequence[jax.Array], tangents: Sequence[Tangent], *, op: LinearMap, count: int
) -> tuple[Arrays, list[jax.Array]]:
    residuals, arguments = tuple(primals[:count]), tuple(primals[count:])
    outputs = apply_map(op, residuals, arguments)
    parts = []
    if any(type(t) is not ad.Zero for t in tangents[count:]):
        parts.append(apply_map(op, residuals, tuple(map(ad.instantiate_zeros, tangents[count:]))))
    if any(type(t) is not ad.Zero for t in tangents[:count]):
        parts.append(op.tangent(residuals, tuple(map(ad.instantiate_zeros, tangents[:count])), arguments))
    if len(parts) == 1:
        return outputs, list(parts[0])
    return outputs, [one + other for one, other in zip(*parts, strict=True)]


def _transpose(cotangents: Sequence[Tangent], *arrays: Any, op: LinearMap, count: int) -> list[jax.Array | None]:
    residuals, shapes = arrays[:count], tuple(like(a.aval) for a in arrays[count:])
    results = apply_map(op.transposed(shapes), residuals, tuple(map(ad.instantiate_zeros, cotangents)))
    return [None] * count + list(results)


def _batch(
    arrays: Sequence[jax.Array], dims: Sequence[int | None], *, op: LinearMap, count: int
) -> tuple[Arrays, list[int]]:
    first = tuple(jnp.moveaxis(a, d, 0) if isinstance(d, int) else a for a, d in zip(arrays, dims, strict=True))
    axes = tuple(0 if isinstance(d, int) else None for d in dims)
    size = next(a.shape[0] for a, axis in zip(first, axes, strict=True) if axis == 0)
    outputs = op.batched(axes[:count], axes[count:], size, first)
    return outputs, [0] * len(outputs)


def _applied(platform: str, divided: bool, *arrays: jax.Array, op: LinearMap, count: int) -> list[jax.Array]:
    # jax lowers in the mesh of the whole program, also what is in a part over automatic axes
    with use_abstract_mesh(_mesh([jax.typeof(a) for a in arrays])), jax.numpy_dtype_promotion("standard"):
        return list(op.on(platform, divided).apply(arrays[:count], arrays[count:]))


def _compile_for(primitive: Primitive, platform: str | None = None) -> None:
    alone, divided = (
        mlir.lower_fun(functools.partial(_applied, platform or "", divided), multiple_results=True)
        for divided in (False, True)
    )

    def lowering(ctx: mlir.LoweringRuleContext, *arrays: mlir.Value, op: LinearMap, count: int) -> Sequence[mlir.Value]:
        chosen = divided if _is_divided(ctx.module_context.axis_context) else alone
        return chosen(ctx, *arrays, op=op, count=count)

    mlir.register_lowering(primitive, lowering, platform=platform)


def _is_divided(context: mlir.AxisContext) -> bool:
    """Whether the compiler divides the program among devices, given the context in which jax lowers it."""
    if isinstance(context, mlir.SPMDAxisContext):  # in shard_map; over all axes every device has a program of its own
        return context.manual_axes != frozenset(context.mesh.axis_names)
    return context.num_devices > 1


_PRIMITIVES: list[Primitive] = []


def map_primitive(name: str) -> Primitive:
    """Makes a primitive that stands for maps in a trace."""
    primitive = Primitive(name)
    primitive.multiple_results = True
    primitive.def_impl(_eagerly)
    primitive.def_abstract_eval(_abstract)
    ad.primitive_jvps[primitive] = _jvp
    ad.primitive_transposes[primitive] = _transpose
    batching.primitive_batchers[primitive] = _batch
    partial_eval.partial_eval_jaxpr_custom_rules[primitive] = partial_evaluation
    for platform in (None, *{platform for _, platform in RULES}):
        _compile_for(primitive, platform)
    _PRIMITIVES.append(primitive)
    return primitive


_PLAIN = map_primitive("linear_map")
