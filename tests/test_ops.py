"""`purenn.interop.ops` beside torch, by torch's own operator database and by further tests."""

import importlib.util
import math
import sys
import zlib
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import ops_engine as engine
import pytest
import torch
from jax import export

from purenn.interop import ops

SPEC = importlib.util.spec_from_file_location("ops_page", Path(__file__).parent.parent / "tools" / "ops_page.py")
assert SPEC is not None
assert SPEC.loader is not None
page = importlib.util.module_from_spec(SPEC)
sys.modules["ops_page"] = page
SPEC.loader.exec_module(page)


def rows():
    """One row per entry and dtype. All but a fixed part of them are slow."""
    for entry in engine.COVERED:
        for dtype in engine.DTYPES:
            if getattr(torch, dtype) in entry.dtypes and not (dtype == "int32" and entry.name in engine.RANDOM):
                name = f"{engine.label(entry)}-{dtype}"
                slow = zlib.crc32(name.encode()) % 6
                yield pytest.param(entry, dtype, id=name, marks=pytest.mark.slow if slow else ())


@pytest.mark.parametrize(("entry", "dtype"), list(rows()))
def test_a_sample_is_torchs(entry, dtype):
    """The middle one of the database's samples: the first are scalars."""
    given = engine.samples(entry, dtype)
    engine.check_sample(entry, given[len(given) // 2])


@pytest.mark.slow
@pytest.mark.parametrize(("entry", "dtype"), [pytest.param(*p.values, id=p.id) for p in rows()])
def test_samples_are_torchs(entry, dtype):
    for number, sample in enumerate(engine.samples(entry, dtype)):
        try:
            engine.check_sample(entry, sample)
        except Exception as error:
            raise AssertionError(f"sample {number}: {sample.summary()}") from error


def refusals():
    for entry in engine.COVERED:
        if entry.error_inputs_func is not None:
            slow = zlib.crc32(engine.label(entry).encode()) % 2
            yield pytest.param(entry, id=engine.label(entry), marks=pytest.mark.slow if slow else ())


@pytest.mark.parametrize("entry", list(refusals()))
def test_what_torch_refuses_is_refused(entry):
    for bad in engine.refused(entry):
        args, kwargs = engine.arguments(entry, bad)
        with pytest.raises(engine.REFUSALS):
            engine.found(entry)(*engine.to_jax(args), **engine.to_jax(kwargs))


def test_the_page_is_not_stale():
    assert page.PAGE.read_text() == page.page(), "run python tools/ops_page.py"


def test_every_name_of_the_survey_is_there():
    assert page.missing() == []


FACTORED = {
    "svd": lambda u, s, v: (u * s[..., None, :]) @ v.swapaxes(-1, -2).conj(),
    "linalg.svd": lambda u, s, v: (u * s[..., None, :]) @ v,
    "linalg.qr": lambda q, r: q @ r,
    "qr": lambda q, r: q @ r,
    "linalg.eigh": lambda w, v: (v * w[..., None, :]) @ v.swapaxes(-1, -2).conj(),
    "linalg.lu": lambda p, lower, upper: p @ lower @ upper,
}


@pytest.mark.parametrize("name", sorted(FACTORED))
def test_factors_multiply_to_the_matrix(name):
    x = np.random.default_rng(0).standard_normal((2, 4, 4)).astype(np.float32)
    x = x + x.swapaxes(-1, -2)
    function = ops
    for part in name.split("."):
        function = getattr(function, part)
    whole = lambda x: FACTORED[name](*(f(x, False) if name.endswith("svd") and "linalg" in name else f(x)))  # noqa: E731
    f = function
    np.testing.assert_allclose(whole(x), x, atol=1e-4)
    weight = jnp.asarray(np.random.default_rng(1).standard_normal(x.shape), jnp.float32)
    gradient = jax.grad(lambda x: jnp.sum(weight * whole(x)))(jnp.asarray(x))
    expected = (weight + weight.swapaxes(-1, -2)) / 2 if name == "linalg.eigh" else weight
    got = (gradient + gradient.swapaxes(-1, -2)) / 2 if name == "linalg.eigh" else gradient
    np.testing.assert_allclose(got, expected, atol=2e-3)


def test_the_gradient_of_as_strided_scatter():
    """The replaced elements have no gradient; torch has the opposite."""
    at = {"size": (2,), "stride": (1,), "storage_offset": 1}
    weights = jnp.array([1.0, 2.0, 3.0, 4.0])
    total = lambda x, src: (ops.as_strided_scatter(x, src, **at) * weights).sum()  # noqa: E731
    x_grad, src_grad = jax.grad(total, (0, 1))(jnp.zeros(4), jnp.zeros(2))
    assert x_grad.tolist() == [1, 0, 0, 4]
    assert src_grad.tolist() == [2, 3]


ONE_VALUE = {1: [(), (1,), (4,), (1, 4), (3, 1), (3, 4), (1, 3, 4)], 2: [(), (1,), (4,), (1, 1), (1, 4)]}


@pytest.mark.parametrize("accumulate", [False, True])
@pytest.mark.parametrize(
    ("dims", "value"), [(n, value) for n, values in ONE_VALUE.items() for value in values], ids=str
)
def test_a_traced_mask_takes_one_value(dims, value, accumulate):
    g = torch.Generator().manual_seed(0)
    x, v = torch.randn(2, 3, 4, generator=g), torch.randn(value, generator=g)
    mask = torch.tensor([[True, False, True], [False, False, True]] if dims == 2 else [True, False])
    wanted = x.clone().index_put_((mask,), v, accumulate=accumulate)
    given = [jnp.asarray(t.numpy()) for t in (x, mask, v)]
    for f in (
        lambda x, m, v: ops.index_put(x, (m,), v, accumulate),
        lambda x, m, v: ops.setitem(x, m, v, accumulate=accumulate),
    ):
        np.testing.assert_allclose(jax.jit(f)(*given), wanted, rtol=1e-6)


def test_a_traced_mask_takes_no_value_per_place():
    mask = jnp.array([True, False, True])
    with pytest.raises(ValueError, match="size must be given where the array is traced"):
        jax.jit(lambda m: ops.index_put(jnp.zeros((3, 2)), (m,), jnp.ones((2, 2))))(mask)


@pytest.mark.parametrize("n", range(5))
def test_polygamma_and_its_gradient_on_both_sides_of_0(n):
    """Compared with torch's in float64; jax's are wrong below 0."""
    x = torch.cat([torch.linspace(-9.3, 9.3, 94), torch.tensor([0.0, 1e-3, 60.0])]).requires_grad_()
    wide = x.detach().double().requires_grad_()
    function = ops.digamma if n == 0 else lambda x: ops.polygamma(n, x)
    y, back = jax.vjp(function, jnp.asarray(x.detach().numpy()))
    expected = torch.polygamma(n, wide)
    (slope,) = torch.autograd.grad(expected.sum(), wide)
    size = [math.factorial(m) * 2.0 ** (m + 1) for m in (n, n + 1)]  # of terms that cancel around -0.5, -1.5, ...
    np.testing.assert_allclose(y, expected.detach(), rtol=2e-4, atol=1e-6 * size[0])
    np.testing.assert_allclose(back(jnp.ones_like(y))[0], slope, rtol=2e-4, atol=1e-6 * size[1])


def test_zeta_has_no_derivative_in_its_first_argument():
    assert float(jax.grad(ops.special.zeta, 1)(3.0, -1.5)) == pytest.approx(
        float(-3 * torch.special.zeta(torch.tensor(4.0), torch.tensor(-1.5)))
    )
    with pytest.raises(NotImplementedError, match="no derivative in the first argument"):
        jax.grad(ops.special.zeta)(3.0, 1.0)


def test_one_array_of_another_kind():
    """Scalars, a single row, inclusive ends and negative indices, as in torch."""
    assert ops.arange(1, end=4).tolist() == [1, 2, 3]
    assert ops.cov(jnp.ones((1, 3))).shape == ops.corrcoef(jnp.ones((1, 3))).shape == ()
    assert ops.linalg.vander(jnp.array(2.0), 3).tolist() == [[1.0, 2.0, 4.0]]
    assert ops.randn_like(jnp.ones(()), rng=jax.random.key(0)).shape == ()
    assert ops.take_along_dim(jnp.array([1, 2, 3]), jnp.array([-1, -3]), 0).tolist() == [3, 1]
    assert ops.take_along_dim(jnp.arange(200), jnp.array([-1, 5], jnp.int8), 0).tolist() == [199, 5]
    with pytest.raises(IndexError, match="take_along_dim: index must be from -3 to 2, got -4"):
        ops.take_along_dim(jnp.array([1, 2, 3]), jnp.array([-4]), 0)
    assert ops.linspace(jnp.array(50), 1, 50, dtype=jnp.int32).tolist() == list(range(50, 0, -1))


def test_numpys_integers_are_sizes():
    """A size is never read as the dtype that it has."""
    x = jnp.arange(6.0)
    assert ops.view(x, np.int64(6)).tolist() == x.tolist()
    assert ops.view(x, np.array([2, 3])).shape == (2, 3)
    assert ops.view(jnp.array([1.0]), "int32").tolist() == ops.view(jnp.array([1.0]), jnp.int32).tolist()
    with pytest.raises(ValueError, match="indices_or_sections must divide 6"):
        ops.hsplit(x, np.int64(4))


def test_a_complex_divisor_of_numpys():
    x = jnp.arange(3.0)
    assert jax.jit(lambda x: ops.div(x, np.complex64(2j)))(x).tolist() == ops.div(x, np.complex64(2j)).tolist()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ops.arange(), "arange: start, end and step must be real numbers, got None"),
        (lambda: ops.arange(1j), "arange: start, end and step must be real numbers, got 1j"),
        (lambda: ops.where(jnp.array([True]), 1.0), "where: input and other must be given together"),
        (lambda: ops.linalg.norm(jnp.ones((2, 2)), "fro", 1), "matrix_norm: A and dim must have two dimensions"),
    ],
)
def test_a_refusal_names_the_argument(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()


def test_symbolic_indices_are_read_and_written():
    (b,) = export.symbolic_shape("b")
    spec = jax.ShapeDtypeStruct((b, 2), jnp.float32)
    x = jnp.arange(6.0).reshape(3, 2)
    last = export.export(jax.jit(lambda x: ops.getitem(x, x.shape[0] - 1)))(spec)
    assert last.call(x).tolist() == [4, 5]
    changed = export.export(jax.jit(lambda x: ops.setitem(x, (x.shape[0] - 1, 0), 9.0)))(spec)
    assert changed.call(x).tolist() == [[0, 1], [2, 3], [9, 5]]
