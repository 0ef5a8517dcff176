"""Maps with their own transposes: every derivative mode uses the fast formulations and equals autodiff."""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec

from purenn.lowering.bilinear_map import BilinearMap
from purenn.lowering.linear_map import LinearMap, apply_map, rule

X = jax.random.normal(jax.random.key(0), (3, 4))
W = jax.random.normal(jax.random.key(1), (4, 2))


@dataclasses.dataclass(frozen=True)
class Product(BilinearMap):
    def y(self, x, w):
        return x @ w


@rule(Product, "cpu")
class ProductCpu(Product):
    def y(self, x, w):
        return jnp.einsum("ij,jk->ik", x, w)

    def x(self, w, y, shape):
        assert shape.shape == (3, 4)
        return y @ w.T

    def w(self, x, y, shape):
        return x.T @ y


@dataclasses.dataclass(frozen=True)
class Gain(LinearMap):
    """A map that is linear in two arrays together, but not in its residual. It defines only `apply`."""

    def apply(self, residuals, arguments):
        x, w = arguments
        return (jnp.sin(residuals[0]) * (x + w.sum()), x * 2)


@dataclasses.dataclass(frozen=True)
class Folding(Product):
    folds = True


@rule(Folding, "cpu")
class FoldingCpu(Folding):
    def x(self, w, y, shape):
        assert shape.shape[0] == y.shape[0]
        return y @ w.T


def product(x, w):
    return x @ w


def gain(x, w):
    one, two = apply_map(Gain(), (jnp.cos(x),), (x, w))
    return one + two


def gain_obvious(x, w):
    return jnp.sin(jnp.cos(x)) * (x + w.sum()) + 2 * x


PAIRS = {"form": (Product(), product), "folding": (Folding(), product), "linear": (gain, gain_obvious)}


def total(f: Callable) -> Callable:
    return lambda x, w: jnp.sum(jnp.sin(f(x, w)))


MODES = {
    "value": lambda f: f,
    "grad": lambda f: jax.grad(total(f), (0, 1)),
    "jacfwd": lambda f: jax.jacfwd(f, (0, 1)),
    "jacrev": lambda f: jax.jacrev(f, (0, 1)),
    "hessian": lambda f: jax.hessian(total(f), (0, 1)),
    "checkpoint": lambda f: jax.grad(total(jax.checkpoint(f)), (0, 1)),
    "thrice": lambda f: jax.grad(lambda x, w: jnp.sum(jax.hessian(total(f), 1)(x, w))),
}


def close(got, expected):
    jax.tree.map(lambda g, e: np.testing.assert_allclose(g, e, rtol=1e-4, atol=1e-4), got, expected)


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("mode", MODES)
def test_every_derivative_mode(mode, pair):
    fast, obvious = (jax.jit(MODES[mode](f)) for f in PAIRS[pair])
    close(fast(X, W), obvious(X, W))


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("axes", [(0, None), (None, 0), (0, 0), (2, 1)])
def test_batches_inside_and_outside_of_derivatives(axes, pair):
    def stacked(array, axis):
        return array if axis is None else jnp.stack([array, 2 * array, -array], axis)

    arrays = stacked(X, axes[0]), stacked(W, axes[1])
    for order in (
        lambda f: jax.vmap(jax.hessian(total(f), (0, 1)), axes),
        lambda f: jax.hessian(lambda x, w: jnp.sum(jax.vmap(total(f), axes)(x, w)), (0, 1)),
    ):
        fast, obvious = (jax.jit(order(f)) for f in PAIRS[pair])
        close(fast(*arrays), obvious(*arrays))


def test_several_batches_of_one_weight_are_one():
    program = jax.make_jaxpr(jax.vmap(MODES["grad"](Folding()), (0, None)))(jnp.stack([X, X]), W)
    assert [str(e.params["op"].to) for e in program.eqns if "op" in e.params and hasattr(e.params["op"], "to")] == [
        "y",
        "x",
    ]


def test_parts_of_a_mesh_are_told_apart():
    mesh = jax.make_mesh((1,), ("batch",), axis_types=(jax.sharding.AxisType.Auto,))
    parts = {"mesh": mesh, "in_specs": (PartitionSpec("batch"), PartitionSpec()), "out_specs": PartitionSpec("batch")}
    fast, obvious = (MODES["grad"](jax.shard_map(f, **parts)) for f in PAIRS["form"])
    close(fast(X, W), obvious(X, W))


def test_the_cpu_compiles_the_fast_formulation_and_others_the_obvious_one():
    def text(platform):
        return jax.export.export(jax.jit(Reversed()), platforms=[platform])(X, W).mlir_module()

    @dataclasses.dataclass(frozen=True)
    class Reversed(Product):
        pass

    @rule(Reversed, "cpu")
    class ReversedCpu(Reversed):
        def y(self, x, w):
            return jnp.flip(jnp.flip(x, 0) @ w, 0)

    assert "reverse" in text("cpu") and "reverse" not in text("cuda") and "reverse" not in text("tpu")
    rule(Reversed, "tpu")(ReversedCpu)
    jax.clear_caches()
    assert "reverse" in text("tpu") and "reverse" not in text("cuda")


def test_a_form_is_traced_once_for_a_shape():
    before = Product()
    assert before == Product() and jax.make_jaxpr(before)(X, W).eqns[0].params["op"].form == before


def test_a_divided_program_has_the_reference_where_the_rule_is_for_one_device():
    @dataclasses.dataclass(frozen=True)
    class Merging(Product):
        pass

    @rule(Merging, "cpu")
    class MergingCpu(Merging):
        divisible = False

    assert type(Merging().on("cpu")) is MergingCpu and type(Merging().on("cpu", divided=True)) is Merging
