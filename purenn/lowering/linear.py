"""Linear maps with transposes of their own, in every derivative mode.

A fast lowering often needs a backward pass that autodiff would not find, and ``jax.custom_vjp`` would give up forward
mode for it. Here a map that is linear in its `arguments` (and depends on `residuals` in any way) is one primitive,
whose tangent is itself, whose transpose is the one that the map names, and which batches by ``vmap`` of what it runs.
So `grad`, `jvp`, `hessian`, `vmap` and their compositions all reach the fast formulations.

A `Linear` says `run`, the obvious formulation, which every test compares with, and where a platform has a better one,
`cpu` or `cuda`, what that platform compiles; and of the transpose the same. A `Form` is a map of two arguments that is
linear in each: seen from the output it is a trilinear form, whose three maps (to the output and to either argument) are
each other's transposes, and it needs no more than these three to be differentiated any number of times.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import jax
import jax.ad_checkpoint
import jax.numpy as jnp
from jax import lax
from jax.extend.core import Primitive, Var
from jax.interpreters import ad, batching, mlir, partial_eval
from jax.sharding import NamedSharding, PartitionSpec

from purenn.lowering.varying import varying_as

__all__ = ["PLACES", "Form", "Linear", "linear"]

Arrays = tuple[Any, ...]
Shapes = tuple[jax.ShapeDtypeStruct, ...]


class Linear:
    """A map of tuples of arrays, linear in its arguments together. Subclasses are frozen dataclasses of what is static.

    Only `run` has to be given. What isn't, follows: the transpose from autodiff, a platform's from the obvious ones.
    """

    @property
    def placed(self) -> bool:
        """Whether a formulation asks, while it is compiled, on which devices it will run."""
        return False

    def run(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        """The obvious formulation: the outputs."""
        raise NotImplementedError

    def cpu(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        """The formulation for the CPU."""
        return self.run(residuals, arguments)

    def cuda(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        """The formulation for NVIDIA's GPUs."""
        return self.run(residuals, arguments)

    def transpose(self, residuals: Arrays, cotangents: Arrays, like: Shapes) -> Arrays:
        """The obvious transpose: of the outputs' cotangents the arguments', whose shapes and dtypes are `like`."""
        return jax.linear_transpose(lambda *arguments: self.run(residuals, arguments), *like)(cotangents)

    def cpu_transpose(self, residuals: Arrays, cotangents: Arrays, like: Shapes) -> Arrays:
        """The transpose for the CPU."""
        return self.transpose(residuals, cotangents, like)

    def cuda_transpose(self, residuals: Arrays, cotangents: Arrays, like: Shapes) -> Arrays:
        """The transpose for NVIDIA's GPUs."""
        return self.transpose(residuals, cotangents, like)

    def tangent(self, residuals: Arrays, tangents: Arrays, arguments: Arrays) -> Arrays:
        """The derivative in the residuals, along `tangents` of theirs."""
        return jax.jvp(lambda *residuals: self.run(residuals, arguments), residuals, tangents)[1]

    def transposed(self, like: Shapes) -> Linear:
        """The transpose as a map."""
        return _Transposed(self, like)


@dataclasses.dataclass(frozen=True)
class _Transposed(Linear):
    of: Linear
    like: Shapes

    @property
    def placed(self) -> bool:
        return self.of.placed

    def run(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        return tuple(self.of.transpose(residuals, arguments, self.like))

    def cpu(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        return tuple(self.of.cpu_transpose(residuals, arguments, self.like))

    def cuda(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        return tuple(self.of.cuda_transpose(residuals, arguments, self.like))

    def transposed(self, like: Shapes) -> Linear:
        return self.of


@dataclasses.dataclass(frozen=True)
class _Batched(Linear):
    """A map under ``vmap``: of every array the first axis, where `places` says that it has one, is the batch's."""

    of: Linear
    residuals: tuple[int | None, ...]
    arguments: tuple[int | None, ...]
    size: int

    @property
    def placed(self) -> bool:
        return self.of.placed

    def _mapped(self, function: Callable[[Arrays, Arrays], Arrays], residuals: Arrays, arguments: Arrays) -> Arrays:
        axes = (self.residuals, self.arguments)
        return tuple(jax.vmap(function, axes, axis_size=self.size)(residuals, arguments))

    def _transposed(self, function: Callable[..., Arrays], residuals: Arrays, cotangents: Arrays, like: Shapes) -> Any:
        lanes = tuple(
            like if axis is None else jax.ShapeDtypeStruct(like.shape[1:], like.dtype)
            for like, axis in zip(like, self.arguments, strict=True)
        )
        run = jax.vmap(lambda r, c: function(r, c, lanes), (self.residuals, 0), axis_size=self.size)
        found = run(residuals, cotangents)
        return tuple(jnp.sum(f, 0) if a is None else f for f, a in zip(found, self.arguments, strict=True))

    def run(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        return self._mapped(self.of.run, residuals, arguments)

    def cpu(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        return self._mapped(self.of.cpu, residuals, arguments)

    def cuda(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        return self._mapped(self.of.cuda, residuals, arguments)

    def transpose(self, residuals: Arrays, cotangents: Arrays, like: Shapes) -> Arrays:
        return self._transposed(self.of.transpose, residuals, cotangents, like)

    def cpu_transpose(self, residuals: Arrays, cotangents: Arrays, like: Shapes) -> Arrays:
        return self._transposed(self.of.cpu_transpose, residuals, cotangents, like)

    def cuda_transpose(self, residuals: Arrays, cotangents: Arrays, like: Shapes) -> Arrays:
        return self._transposed(self.of.cuda_transpose, residuals, cotangents, like)


def linear(op: Linear, residuals: Sequence[Any], arguments: Sequence[Any]) -> tuple[Any, ...]:
    """Calls a map.

    Args:
        op: the map, hashable: equal ones share what was traced.
        residuals: arrays on which it depends in any way.
        arguments: arrays in which it is linear, all together.

    Returns:
        Its outputs.

    Example:
        >>> import dataclasses, jax, jax.numpy as jnp
        >>> from purenn.lowering.linear import Linear, linear
        >>> @dataclasses.dataclass(frozen=True)
        ... class Scaled(Linear):
        ...     def run(self, residuals, arguments):
        ...         return (residuals[0] * arguments[0],)
        >>> f = lambda w, x: linear(Scaled(), (w,), (x,))[0]
        >>> [float(g) for g in jax.grad(f, (0, 1))(2.0, 3.0)], float(jax.jvp(f, (2.0, 3.0), (1.0, 1.0))[1])
        ([3.0, 2.0], 5.0)
    """
    arrays = [jnp.asarray(a) for a in (*residuals, *arguments)]
    arrays = varying_as(arrays)
    return tuple(_bound(op, len(residuals), *arrays))


def _bound(op: Linear, count: int, *arrays: Any) -> Any:
    return (_placed if op.placed else _linear).bind(*arrays, op=op, count=count)


def _eagerly(*arrays: Any, op: Linear, count: int) -> Any:
    if jax.config.jax_disable_jit:  # pyright: ignore[reportAttributeAccessIssue]
        way = jax.default_backend()  # operation by operation, those that are compiled elsewhere
        return _run(way if way in ("cpu", "cuda") else "run", arrays, op, count)
    return _eager(op, count)(*arrays)


@functools.lru_cache(maxsize=1024)
def _eager(op: Linear, count: int) -> Callable[..., Any]:
    return jax.jit(functools.partial(_bound, op, count))


@functools.lru_cache(maxsize=4096)
def _shapes(op: Linear, count: int, given: Shapes) -> Shapes:
    with jax.numpy_dtype_promotion("standard"):
        return tuple(jax.eval_shape(lambda *arrays: op.run(arrays[:count], arrays[count:]), *given))


def _struct(aval: Any) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(aval.shape, aval.dtype)


def _abstract(*avals: Any, op: Linear, count: int) -> Any:
    outputs = _shapes(op, count, tuple(map(_struct, avals)))
    mesh = avals[0].sharding.mesh

    def placed(shape: jax.ShapeDtypeStruct) -> Any:
        whole = NamedSharding(mesh, PartitionSpec(*[None] * len(shape.shape)))
        return avals[0].update(shape=shape.shape, dtype=shape.dtype, weak_type=False, sharding=whole)

    return [placed(shape) for shape in outputs]


def _jvp(primals: Any, tangents: Any, *, op: Linear, count: int) -> Any:
    residuals, arguments = tuple(primals[:count]), tuple(primals[count:])
    outputs = linear(op, residuals, arguments)
    parts = []
    if any(type(t) is not ad.Zero for t in tangents[count:]):
        parts.append(linear(op, residuals, tuple(map(ad.instantiate_zeros, tangents[count:]))))
    if any(type(t) is not ad.Zero for t in tangents[:count]):
        parts.append(op.tangent(residuals, tuple(map(ad.instantiate_zeros, tangents[:count])), arguments))
    if len(parts) == 1:
        return outputs, list(parts[0])
    return outputs, [one + other for one, other in zip(*parts, strict=True)]


def _transpose(cotangents: Any, *arrays: Any, op: Linear, count: int) -> Any:
    residuals, like = arrays[:count], tuple(_struct(a.aval) for a in arrays[count:])
    found = linear(op.transposed(like), residuals, tuple(map(ad.instantiate_zeros, cotangents)))
    return [None] * count + list(found)


def _batch(arrays: Any, dims: Any, *, op: Linear, count: int) -> Any:
    if isinstance(op, _Map) and op.folds:
        batched = {role for role, dim in zip(op.roles, dims, strict=True) if isinstance(dim, int)}
        if "w" not in batched:
            return _folded(arrays, dims, op)
    first = [jnp.moveaxis(a, d, 0) if isinstance(d, int) else a for a, d in zip(arrays, dims, strict=True)]
    places = tuple(0 if isinstance(d, int) else None for d in dims)
    size = next(a.shape[0] for a, place in zip(first, places, strict=True) if place == 0)
    batched = _Batched(op, places[:count], places[count:], size)
    outputs = linear(batched, first[:count], first[count:])
    return outputs, [0] * len(outputs)


def _folded(arrays: Any, dims: Any, op: _Map) -> Any:
    """A form's map over several batches of one weight, as over one batch."""
    folded, size = [], 1
    for array, dim in zip(arrays, dims, strict=True):
        if isinstance(dim, int):
            array = jnp.moveaxis(array, dim, 0)
            size = array.shape[0]
            array = array.reshape(-1, *array.shape[2:])
        folded.append(array)
    x, w, y = op.shapes
    wide = (jax.ShapeDtypeStruct((size * s.shape[0], *s.shape[1:]), s.dtype) for s in (x, y))
    x, y = wide
    (output,) = linear(dataclasses.replace(op, shapes=(x, w, y)), folded[:1], folded[1:])
    return [output.reshape(size, -1, *output.shape[1:])], [0]


def _checkpointed(saveable: Callable[..., Any], unknown: Any, there: Any, eqn: Any) -> Any:
    """The map under ``jax.checkpoint``: kept if the policy keeps it, or a product of its obvious formulation.

    What is given and returned is what jax's own rules for calls have: which inputs the backward pass has to wait for,
    and which it has; the equation of either pass, what is true of the outputs, and the inputs to keep.
    """
    count = len(eqn.outvars)
    missing = [v for v, has in zip(eqn.invars, there, strict=True) if isinstance(v, Var) and not has]
    if any(unknown):
        return None, eqn, [True] * count, [True] * count, missing
    avals = [v.aval for v in eqn.invars]
    asked = [(eqn.primitive, avals, eqn.params)]
    asked += _products(eqn.params["op"], eqn.params["count"], tuple(map(_struct, avals)))
    if any(
        saveable(primitive, *avals, **params) in (True, jax.ad_checkpoint.Saveable)
        for primitive, avals, params in asked
    ):
        return eqn, None, [False] * count, [False] * count, []
    return eqn, eqn, [False] * count, [True] * count, missing


@functools.lru_cache(maxsize=4096)
def _products(op: Linear, count: int, given: Shapes) -> list[Any]:
    """The products in the obvious formulation: their primitives, the shapes that they take, and their parameters."""
    jaxpr = jax.make_jaxpr(lambda *arrays: op.run(arrays[:count], arrays[count:]))(*given).jaxpr
    products = [eqn for eqn in _equations(jaxpr) if eqn.primitive in _PRODUCTS]
    return [(eqn.primitive, [v.aval for v in eqn.invars], eqn.params) for eqn in products]


_PRODUCTS = (lax.dot_general_p, lax.conv_general_dilated_p)


def _equations(jaxpr: Any) -> Iterator[Any]:
    for eqn in jaxpr.eqns:
        yield eqn
        for inner in jax.tree.leaves([*eqn.params.values()], is_leaf=lambda value: hasattr(value, "eqns")):
            if hasattr(inner, "eqns"):
                yield from _equations(inner)


def _compiled(way: str) -> Callable[..., Any]:
    def run(*arrays: Any, op: Linear, count: int) -> Any:
        return _run(way, arrays, op, count)

    return mlir.lower_fun(run, multiple_results=True)


def _run(way: str, arrays: tuple[Any, ...], op: Linear, count: int) -> list[Any]:
    with jax.numpy_dtype_promotion("standard"):
        return list(getattr(op, way)(arrays[:count], arrays[count:]))


def _primitive(name: str) -> Primitive:
    made = Primitive(name)
    made.multiple_results = True
    made.def_impl(_eagerly)
    made.def_abstract_eval(_abstract)
    ad.primitive_jvps[made] = _jvp
    ad.primitive_transposes[made] = _transpose
    batching.primitive_batchers[made] = _batch
    partial_eval.partial_eval_jaxpr_custom_rules[made] = _checkpointed
    mlir.register_lowering(made, _compiled("run"))
    for platform in ("cpu", "cuda"):
        mlir.register_lowering(made, _compiled(platform), platform=platform)
    return made


_linear, _placed = _primitive("linear_map"), _primitive("placed_map")
try:  # cuDNN's attention has to know where it will run, and jax has no public way to ask for that
    importlib.import_module("jax._src.dispatch").prim_requires_devices_during_lowering.add(_placed)
    PLACES = True
except (ImportError, AttributeError):
    PLACES = False


class Form:
    """A map y of x and w that is linear in each. Subclasses are frozen dataclasses of what is static, shapes too.

    Only `y` has to be given. ``form(x, w)`` calls it, ``form.transposed(w, y, like)`` the map to x.
    """

    folds: ClassVar[bool] = False  # whether the first axes of x and y are a batch, of which one may be made of several

    def y(self, x: Any, w: Any) -> Any:
        """The obvious formulation."""
        raise NotImplementedError

    def x(self, w: Any, y: Any, like: jax.ShapeDtypeStruct) -> Any:
        """The obvious gradient of x, where y is the output's cotangent and `like` x's shape."""
        return jax.linear_transpose(lambda x: self.y(x, w), like)(y)[0]

    def w(self, x: Any, y: Any, like: jax.ShapeDtypeStruct) -> Any:
        """The obvious gradient of w."""
        return jax.linear_transpose(lambda w: self.y(x, w), like)(y)[0]

    def cpu_y(self, x: Any, w: Any) -> Any:
        """The formulation for the CPU."""
        return self.y(x, w)

    def cpu_x(self, w: Any, y: Any, like: jax.ShapeDtypeStruct) -> Any:
        """The gradient of x for the CPU."""
        return self.x(w, y, like)

    def cpu_w(self, x: Any, y: Any, like: jax.ShapeDtypeStruct) -> Any:
        """The gradient of w for the CPU."""
        return self.w(x, y, like)

    def cuda_y(self, x: Any, w: Any) -> Any:
        """The formulation for NVIDIA's GPUs."""
        return self.y(x, w)

    def cuda_x(self, w: Any, y: Any, like: jax.ShapeDtypeStruct) -> Any:
        """The gradient of x for NVIDIA's GPUs."""
        return self.x(w, y, like)

    def cuda_w(self, x: Any, y: Any, like: jax.ShapeDtypeStruct) -> Any:
        """The gradient of w for NVIDIA's GPUs."""
        return self.w(x, y, like)

    def __call__(self, x: Any, w: Any) -> Any:
        return linear(self._map("y", "x", x, w), (w,), (x,))[0]

    def transposed(self, w: Any, y: Any, like: jax.ShapeDtypeStruct) -> Any:
        """The transpose of ``x -> form(x, w)``: linear in w and y, of `like`'s shape."""
        return linear(self._map("x", "y", like, w), (w,), (y,))[0]

    def _map(self, to: str, of: str, x: Any, w: Any) -> _Map:
        shapes = (_struct(x), _struct(w))
        return _Map(self, to, of, (*shapes, _shapes(_Of(self), 0, shapes)[0]))


@dataclasses.dataclass(frozen=True)
class _Of(Linear):
    """Gives away the output's shape; never bound."""

    form: Form

    def run(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        return (self.form.y(*arguments),)


@dataclasses.dataclass(frozen=True)
class _Map(Linear):
    """One of a form's maps, ``to`` a role from the two others, as a linear map of the role ``of``."""

    form: Form
    to: str
    of: str
    shapes: Shapes  # of x, w and y

    @property
    def roles(self) -> tuple[str, str]:
        """Roles of the two operands: the one held fixed, the one in which the map is linear."""
        (other,) = set("xwy") - {self.to, self.of}
        return other, self.of

    @property
    def folds(self) -> bool:
        return self.form.folds and self.to != "w"

    def _run(self, prefix: str, residuals: Arrays, arguments: Arrays) -> Arrays:
        given = dict(zip(self.roles, (*residuals, *arguments), strict=True))
        like = {} if self.to == "y" else {"like": self.shapes["xw".index(self.to)]}
        return (getattr(self.form, prefix + self.to)(**given, **like),)

    def run(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        return self._run("", residuals, arguments)

    def cpu(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        return self._run("cpu_", residuals, arguments)

    def cuda(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        return self._run("cuda_", residuals, arguments)

    def transposed(self, like: Shapes) -> Linear:
        return dataclasses.replace(self, to=self.of, of=self.to)

    def transpose(self, residuals: Arrays, cotangents: Arrays, like: Shapes) -> Arrays:
        return self.transposed(like).run(residuals, cotangents)

    def cpu_transpose(self, residuals: Arrays, cotangents: Arrays, like: Shapes) -> Arrays:
        return self.transposed(like).cpu(residuals, cotangents)

    def cuda_transpose(self, residuals: Arrays, cotangents: Arrays, like: Shapes) -> Arrays:
        return self.transposed(like).cuda(residuals, cotangents)

    def tangent(self, residuals: Arrays, tangents: Arrays, arguments: Arrays) -> Arrays:
        return linear(dataclasses.replace(self, of=self.roles[0]), arguments, tangents)
