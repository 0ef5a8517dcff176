"""The written-out derivative of normalizations beside autodiff of the plain formulation, in every derivative mode."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from purenn.lowering.normalization import affine, moments, normalized

# the array's shape, the averaged axes, the weight's shape: batch, instance, group, layer norms and no weight
GEOMETRIES = {
    "batch": ((3, 2, 5), (0, 2), (1, 2, 1)),
    "batch without space": ((5, 3), (0,), (1, 3)),
    "instance": ((3, 2, 5), (2,), (1, 2, 1)),
    "group": ((2, 3, 2, 5), (2, 3), (1, 3, 2, 1)),
    "group without space": ((2, 3, 2, 1), (2, 3), (1, 3, 2, 1)),
    "layer": ((3, 4), (1,), (1, 4)),
    "layer of two dimensions, one sample": ((1, 3, 4), (1, 2), (1, 3, 4)),
    "no weight": ((3, 4), (1,), (1, 1)),
}
EPS = 1e-5


def obvious(x, axes, weight, bias, centred):
    return affine(x, *moments(x, axes, centred=centred), weight, bias, EPS)


def drawn(name, dtype="float64"):
    shape, axes, affine_shape = GEOMETRIES[name]
    draw = np.random.default_rng(0).standard_normal
    arrays = [draw(shape) + 0.5, draw(affine_shape) + 1, draw(affine_shape)]
    return axes, [jnp.asarray(a, dtype) for a in arrays], draw(shape)


@pytest.mark.parametrize(("name", "centred"), [*((name, True) for name in GEOMETRIES), ("layer", False)])
def test_every_derivative(name, centred):
    with jax.enable_x64(True):
        axes, arrays, seed = drawn(name)
        tangents = [jnp.sin(a * 3) for a in arrays]

        def all_of(function):
            def loss(*arrays):
                return jnp.sum(seed * jnp.sin(function(*arrays)))

            grad = jax.grad(loss, (0, 1, 2))
            lanes = [jnp.stack([a, 2 * a]) for a in arrays]
            return jax.jit(
                lambda: (
                    function(*arrays),
                    grad(*arrays),
                    jax.jvp(function, arrays, tangents)[1],
                    jax.jvp(grad, arrays, tangents)[1],
                    jax.grad(lambda *a: sum(jnp.sum(g**2) for g in grad(*a)), (0, 1, 2))(*arrays),
                    [
                        jax.vmap(grad, [0 if i == k else None for i in range(3)])(
                            *[lanes[i] if i == k else arrays[i] for i in range(3)]
                        )
                        for k in range(3)
                    ],
                )
            )()

        fast = all_of(lambda x, w, b: normalized(x, axes, w, b, EPS, centred=centred)[0])
        slow = all_of(lambda x, w, b: obvious(x, axes, w, b, centred))
        jax.tree.map(lambda f, s: np.testing.assert_allclose(f, s, rtol=1e-9, atol=1e-9), fast, slow)


@pytest.mark.parametrize("name", ["batch", "layer"])
def test_single_precision(name):
    axes, arrays, seed = drawn(name, "float32")
    given = jnp.asarray(seed, jnp.float32)
    y, back = jax.vjp(lambda x, w, b: normalized(x, axes, w, b, EPS)[0], *arrays)
    with jax.enable_x64(True):
        exact = [jnp.asarray(a, "float64") for a in arrays]
        truth, back_truly = jax.vjp(lambda x, w, b: obvious(x, axes, w, b, True), *exact)
        expected = [np.asarray(a) for a in (truth, *back_truly(jnp.asarray(given, "float64")))]
    for got, true in zip((y, *back(given)), expected, strict=True):
        np.testing.assert_allclose(got, true, rtol=1e-5, atol=1e-5 * abs(true).max())


def test_the_moments_come_along_without_a_gradient():
    axes, (x, w, b), _ = drawn("batch", "float32")
    _, mean, var = normalized(x, axes, w, b, EPS)
    np.testing.assert_allclose(mean, np.mean(x, axes, keepdims=True), rtol=1e-5)
    np.testing.assert_allclose(var, np.var(x, axes, keepdims=True), rtol=1e-5)
    statistics = lambda x: sum(jnp.sum(m) for m in normalized(x, axes, w, b, EPS)[1:])  # noqa: E731
    np.testing.assert_array_equal(jax.grad(statistics)(x), 0)


def test_a_step_in_training_computes_the_moments_once():
    """The forward pass has one sum for the mean and one for the variance, the backward pass two for all gradients."""
    from purenn import layers

    layer = layers.BatchNorm2d(3)
    params, state = layer.init(jax.random.key(0))
    x = jnp.ones((2, 3, 4, 5))

    def step(params, state, x, y):
        out, back, state = jax.vjp(lambda p, x: layer.apply(p, state, x, training=True), params, x, has_aux=True)
        return out, state, back(y)

    text = jax.jit(step).lower(params, state, x, x).as_text()
    over_all = [line for line in text.splitlines() if "stablehlo.reduce(" in line and "tensor<2x3x4x5xf32>" in line]
    assert len(over_all) == 4


@pytest.mark.parametrize("name", ["group", "layer"])
@pytest.mark.parametrize("given", [(True, False), (False, True), (False, False)])
def test_a_weight_or_a_bias_alone(name, given):
    axes, (x, *arrays), seed = drawn(name, "float32")

    def gradients(function):
        def loss(x, *arrays):
            return jnp.sum(jnp.asarray(seed, x.dtype) * jnp.sin(function(x, *arrays)))

        return jax.jit(jax.grad(loss, (0, 1, 2)))(
            x, *(a if there else None for a, there in zip(arrays, given, strict=True))
        )

    fast = gradients(lambda x, w, b: normalized(x, axes, w, b, EPS)[0])
    slow = gradients(lambda x, w, b: obvious(x, axes, w, b, True))
    jax.tree.map(lambda f, s: np.testing.assert_allclose(f, s, rtol=1e-4, atol=1e-5), fast, slow)
