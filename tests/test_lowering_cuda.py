"""Kernels of the GPU's libraries: their functions in every derivative mode. On a GPU the kernel itself runs."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import purenn.functional as F
from purenn.lowering import attention, conv, cuda, normalization, pooling

GPU = cuda.cuda_capability() > (0, 0)
# Of the largest number: two formulations in half precision; on a GPU a float32 product has 10 bits.
HALF, FLOAT = 3e-2, 5e-3 if GPU else 1e-4


@pytest.fixture(autouse=True)
def chosen(monkeypatch):
    """Without a GPU the functions are chosen as with a GPU, and compiled as for other platforms."""
    if not GPU:
        for module in (attention, normalization):
            monkeypatch.setattr(module, "cuda_capability", lambda: (9, 0))


def arrays(dtype, *shapes):
    noise = np.random.RandomState(0)
    return tuple(jnp.asarray(noise.standard_normal(shape), dtype) for shape in shapes)


def close(got, expected, tolerance):
    for one, other in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
        one, other = np.asarray(one, np.float32), np.asarray(other, np.float32)
        np.testing.assert_allclose(one, other, atol=tolerance * np.abs(other).max(), rtol=0)


def derivatives(function, primals, tolerance, expected):
    """Compares value, forward mode, reverse mode, their composition and vmap with the expected function."""

    def of(function):
        def scalar(*p):
            return sum(jnp.sum(jnp.sin(y.astype(jnp.float32))) for y in jax.tree.leaves(function(*p)))

        grad = jax.grad(scalar, tuple(range(len(primals))))
        tangents = tuple(p[::-1] for p in primals)
        yield jax.jit(function)(*primals)
        yield jax.jit(grad)(*primals)
        yield jax.jit(lambda p, t: jax.jvp(function, p, t))(primals, tangents)
        yield jax.jit(lambda p, t: jax.jvp(grad, p, t)[1])(primals, tangents)
        yield jax.jit(jax.vmap(grad))(*(jnp.stack([p, -p]) for p in primals))

    for got, wanted in zip(of(function), of(expected), strict=True):
        close(got, wanted, tolerance)


def equations(jaxpr):
    """The equations of a trace, including those inside a jit."""
    for equation in jaxpr.eqns:
        yield equation
        if equation.primitive.name == "jit":
            yield from equations(equation.params["jaxpr"])


def calls(function, *arrays):
    """The kernels in a function's trace."""
    ops = [equation.params.get("op") for equation in equations(jax.make_jaxpr(function)(*arrays))]
    return [op for op in ops if isinstance(op, cuda.Kernel)]


@pytest.mark.parametrize(("dtype", "causal"), [(jnp.bfloat16, False), (jnp.float16, True)])
def test_attention(dtype, causal):
    q, k, v = arrays(dtype, (2, 4, 32, 16), (2, 2, 32, 16), (2, 2, 32, 16))

    def attend(q, k, v):
        return F.scaled_dot_product_attention(q, k, v, is_causal=causal, enable_gqa=True)

    def plain(q, k, v):
        return attend(*(x.astype(jnp.float32) for x in (q, k, v))).astype(dtype)

    assert len(calls(attend, q, k, v)) == 1
    assert not calls(plain, q, k, v)
    derivatives(attend, (q, k, v), HALF, plain)


@pytest.mark.parametrize("lengths", [(24, 40), (40, 24), (1, 8)])
def test_attention_of_other_lengths(lengths):
    """A causal query sees the keys from the first one on, for any number of keys."""
    q, k, v = arrays(jnp.bfloat16, *((2, 3, n, 8) for n in (lengths[0], lengths[1], lengths[1])))
    got = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    expected = torch.nn.functional.scaled_dot_product_attention(
        *(torch.tensor(np.asarray(x, np.float32)) for x in (q, k, v)), is_causal=True
    )
    close(got, expected.numpy(), HALF)


@pytest.mark.parametrize(
    "change",
    [{"dtype": jnp.float32}, {"size": 12}, {"size": 264}, {"mask": True}, {"dropout": 0.5}, {"width": 24}, {"time": 0}],
    ids=str,
)
def test_what_cudnn_does_not_take(change):
    """The kernel has no float32, and sizes must be multiples of 8 up to 256. It is not used with masks or dropout."""
    given = {"dtype": jnp.bfloat16, "size": 16, "time": 8, **change}
    size, time = given["size"], given["time"]
    q, k, v = arrays(given["dtype"], (2, time, size), (2, time, size), (2, time, change.get("width", size)))
    options = {"dropout_p": 0.5, "rng": jax.random.key(0)} if "dropout" in change else {}
    mask = jnp.ones((time, time), bool) if "mask" in change else None

    def attend(q, k, v):
        return F.scaled_dot_product_attention(q, k, v, mask, **options)

    assert not calls(attend, q, k, v)
    assert attend(q, k, v).shape == (2, time, v.shape[-1])


def test_equal_kernels_are_one():
    """Equal values share a trace."""
    one, other = (attention.Attention(0.5, causal=True) for _ in range(2))
    assert dataclasses.is_dataclass(attention._Cudnn) and hash(attention._Cudnn(one)) == hash(attention._Cudnn(other))
    assert attention._Cudnn(one) == attention._Cudnn(other) != attention._Cudnn(attention.Attention(0.25))


# Formulations for GPUs in jax itself run anywhere.

Size = jax.ShapeDtypeStruct


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
@pytest.mark.parametrize(
    ("shape", "weight", "op"),
    [
        ((2, 6, 5, 7), (4, 6, 1, 1), conv.Convolution((1, 1), ((0, 0),) * 2, (1, 1), 1)),
        ((2, 6, 9), (4, 6, 1), conv.Convolution((1,), ((0, 0),), (1,), 1)),
        ((2, 6, 9, 8), (12, 1, 3, 3), conv.Convolution((2, 1), ((1, 1), (1, 0)), (1, 2), 6)),
        ((2, 6, 9, 8), (6, 1, 5, 5), conv.Convolution((1, 1), ((2, 2),) * 2, (1, 1), 6)),
    ],
    ids=str,
)
def test_convolutions(shape, weight, op, dtype, monkeypatch):
    monkeypatch.setattr(conv, "MIN_POINTWISE_PIXELS", 0)
    x, w = arrays(dtype, shape, weight)
    gpu = op.on("cuda")
    assert gpu.pointwise(w, x) or gpu.depthwise(w, x)
    y = op.y(x, w)
    like_x, like_w = (Size(a.shape, a.dtype) for a in (x, w))
    pairs = [(gpu.y(x, w), y), (gpu.x(w, y, like_x), op.x(w, y, like_x))]
    for got, expected in [*pairs, (gpu.w(x, y, like_w), op.w(x, y, like_w))]:
        assert (got.shape, got.dtype) == (expected.shape, expected.dtype)
        close(got, expected, HALF if dtype == jnp.bfloat16 else FLOAT)


@pytest.mark.parametrize(
    ("shape", "weight", "change"),
    [
        ((2, 6, 5, 5), (4, 6, 1, 1), {"stride": (2, 2)}),
        ((2, 6, 5, 5), (4, 6, 1, 1), {"pads": ((0, 1), (0, 0))}),
        ((2, 6, 5, 5), (4, 2, 1, 1), {"groups": 3}),
        ((0, 6, 5, 5), (4, 6, 1, 1), {}),
        ((2, 6, 12, 12), (6, 1, 11, 11), {"groups": 6}),
        ((2, 6, 5, 5), (6, 2, 3, 3), {"groups": 3}),
    ],
    ids=str,
)
def test_what_stays_with_cudnn(shape, weight, change, monkeypatch):
    monkeypatch.setattr(conv, "MIN_POINTWISE_PIXELS", 0)
    given = {"stride": (1, 1), "pads": ((0, 0),) * 2, "dilation": (1, 1), "groups": 1, **change}
    x, w = arrays(jnp.float32, shape, weight)
    gpu = conv.Convolution(**given).on("cuda")
    assert not gpu.pointwise(w, x)
    assert not gpu.depthwise(w, x)


WINDOWS = [(9, 3, 2, 1, 1, 5), (9, 2, 2, 0, 1, 4), (9, 2, 2, 0, 1, 5), (9, 3, 1, 1, 2, 7)]


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_pools(window):
    geometry = (pooling.Window(*window),) * 2
    (x,) = arrays(jnp.float32, (2, 3, 9, 9))
    x = x.at[0, 0, :4, :4].set(-jnp.inf).at[1, 0, 4, 4].set(jnp.nan)
    whole = pooling._reduced(x, geometry, -np.inf, jax.lax.max)
    pool = lambda x: pooling.max_pool(x, geometry, None)[0]  # noqa: E731
    for by_axis in (pool(x), jax.jvp(pool, (x,), (x,))[0]):  # as values alone, and with the numbers of the chosen
        np.testing.assert_array_equal(whole, by_axis)
    x, op, like = jnp.nan_to_num(x, neginf=0), pooling._Sum(geometry), (Size(x.shape, x.dtype),)
    (y,) = op.apply((), (x,))
    close(op.on("cuda").apply((), (x,))[0], y, 1e-6)
    close(op.on("cuda").transpose((), (y,), like), op.transpose((), (y,), like), 1e-6)


@pytest.mark.parametrize("centre", [0.0, 1e4])
def test_moments_at_once(centre):
    """A large mean costs no digits of the variance."""
    (x,) = arrays(jnp.float32, (64, 300))
    x = x + centre
    exact = np.asarray(x, np.float64)
    mean, var = normalization._moments_at_once(x, (1,))
    np.testing.assert_allclose(mean, exact.mean(1, keepdims=True), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(var, exact.var(1, keepdims=True), rtol=1e-5)
    (w,) = arrays(jnp.float32, (300,))
    layer_norm = lambda x, w: F.layer_norm(x, (300,), w)  # noqa: E731
    with jax.enable_x64(True):
        expected = jax.vjp(layer_norm, exact, np.asarray(w, np.float64))[1](exact[:, ::-1])
    close(jax.vjp(layer_norm, x, w)[1](x[:, ::-1]), expected, 1e-4)
