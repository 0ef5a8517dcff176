"""torch.functional beyond the table of calls: random projections, traced shapes, complex gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from purenn import functional as F


def product(u, s, v):
    u, s, v = (np.asarray(x) for x in (u, s, v))
    return (u * s[..., None, :]) @ v.conj().swapaxes(-1, -2)


def draw(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (2, 5, 5)])
@pytest.mark.parametrize("name", ["svd_lowrank", "pca_lowrank"])
def test_low_rank_is_exact_at_full_rank(name, shape):
    A, q = draw(*shape), min(shape[-2:])
    u, s, v = getattr(F, name)(A, q=q, rng=jax.random.key(0))
    theirs = getattr(torch, name)(torch.from_numpy(A), q=q)
    assert [x.shape for x in (u, s, v)] == [tuple(x.shape) for x in theirs]
    np.testing.assert_allclose(s, theirs[1], atol=1e-4)
    tu, ts, tv = theirs
    np.testing.assert_allclose(product(u, s, v), (tu * ts[..., None, :]) @ tv.mT, atol=1e-4)
    np.testing.assert_allclose(jnp.swapaxes(u, -1, -2) @ u, np.broadcast_to(np.eye(q), (*shape[:-2], q, q)), atol=1e-4)


@pytest.mark.parametrize("q", [2, None])
def test_low_rank_finds_a_matrix_of_low_rank(q):
    A = draw(20, 2) @ draw(2, 15, seed=1)
    for niter in (0, 2, None):
        u, s, v = F.svd_lowrank(A, q, niter, rng=jax.random.key(0))
        assert s.shape == (q or 6,)
        np.testing.assert_allclose(product(u, s, v), A, atol=1e-4)


def test_low_rank_with_a_mean():
    A, M = draw(8, 3), draw(1, 3, seed=1)
    np.testing.assert_allclose(product(*F.svd_lowrank(A, M=M, rng=jax.random.key(0))), A - M, atol=1e-5)
    centered = product(*F.pca_lowrank(A, rng=jax.random.key(0)))
    np.testing.assert_allclose(centered, A - A.mean(0), atol=1e-5)
    np.testing.assert_allclose(product(*F.pca_lowrank(A, center=False, rng=jax.random.key(0))), A, atol=1e-5)


def test_low_rank_of_complex_and_empty_matrices():
    A = draw(6, 3) + 1j * draw(6, 3, seed=1)
    u, s, v = F.svd_lowrank(A, rng=jax.random.key(0))
    assert (u.dtype, s.dtype) == (jnp.complex64, jnp.float32)
    np.testing.assert_allclose(product(u, s, v), A, atol=1e-4)
    for A, q in ((draw(5, 4), 0), (draw(0, 4), 2), (draw(0, 5, 4), 2)):
        ours, theirs = F.svd_lowrank(A, q, rng=jax.random.key(0)), torch.svd_lowrank(torch.from_numpy(A), q)
        assert [x.shape for x in ours] == [tuple(x.shape) for x in theirs]


def test_low_rank_gradient_and_transforms():
    A = draw(5, 3)
    total = lambda a: jnp.sum(F.svd_lowrank(a, 3, rng=jax.random.key(0))[1])  # noqa: E731
    a = torch.from_numpy(A).requires_grad_()
    torch.linalg.svdvals(a).sum().backward()
    np.testing.assert_allclose(jax.grad(total)(A), a.grad, atol=1e-4)
    np.testing.assert_allclose(jax.jit(total)(A), total(A), rtol=1e-5)
    np.testing.assert_allclose(jax.vmap(total)(np.stack([A, A[::-1]])), [total(A), total(A[::-1])], rtol=1e-5)


@pytest.mark.parametrize("name", ["unique", "unique_consecutive"])
def test_unique_traced_needs_a_size(name):
    f = getattr(F, name)
    x = jnp.array([3, 1, 1, 2, 3, 3])
    with pytest.raises(ValueError, match=f"{name}: size must be given where the array is traced"):
        jax.jit(f)(x)
    for size in (0, 1, 3, 4, 6):
        kwargs = {"return_inverse": True, "return_counts": True, "size": size}
        values, inverse, counts = jax.jit(lambda x, kwargs=kwargs: f(x, **kwargs))(x)
        whole, same, number = f(x, return_inverse=True, return_counts=True)
        assert values.shape == counts.shape == (size,)
        np.testing.assert_array_equal(inverse, same)
        padded = [*whole.tolist(), *[whole[-1].item()] * size][:size]
        assert values.tolist() == padded
        assert counts.tolist() == [*number.tolist(), *[0] * size][:size]


def test_istft_gradient_is_torchs():
    """Torch's gradient of a complex array is the conjugate of jax's."""
    x = (draw(2, 5, 6) + 1j * draw(2, 5, 6, seed=1)).astype(np.complex64)
    window, weight = np.abs(draw(8)) + 0.5, draw(2, 10, seed=2)
    ours = jax.grad(lambda x, w: jnp.sum(weight * F.istft(x, 8, 2, window=w)), (0, 1))(jnp.asarray(x), window)
    a, w = torch.from_numpy(x).requires_grad_(), torch.from_numpy(window).requires_grad_()
    (torch.from_numpy(weight) * torch.istft(a, 8, 2, window=w)).sum().backward()
    np.testing.assert_allclose(np.conj(ours[0]), a.grad, atol=1e-5)
    np.testing.assert_allclose(ours[1], w.grad, atol=1e-5)


def test_istft_of_gaps():
    window = jnp.array([0.0, 1.0, 1.0, 0.0])
    spectra = jnp.ones((3, 4), jnp.complex64)
    with pytest.raises(ValueError, match="istft: window must have squares whose overlapping sum is nowhere zero"):
        F.istft(spectra, 4, 4, window=window)
    assert jnp.isnan(jax.jit(lambda w: F.istft(spectra, 4, 4, window=w))(window)).any()


@st.composite
def frames(draw):
    n = draw(st.integers(2, 9))  # torch's istft has no centered frames of one element
    win = draw(st.integers(1, n))
    return {"n_fft": n, "win_length": win, "hop_length": draw(st.integers(1, win))}, draw(st.integers(n, 24))


@settings(max_examples=12, derandomize=True, deadline=None)  # every example compiles
@given(frames(), st.booleans(), st.booleans(), st.booleans())
def test_stft_and_back(lengths, center, normalized, onesided):
    kwargs, length = lengths
    x, window = draw(length), np.abs(draw(kwargs["win_length"], seed=1)) + 0.5
    kwargs |= {"center": center, "normalized": normalized, "onesided": onesided}
    spectra = torch.stft(torch.from_numpy(x), window=torch.from_numpy(window), return_complex=True, **kwargs)
    ours = jax.jit(lambda x, w: F.stft(x, window=w, return_complex=True, **kwargs))(x, window)
    np.testing.assert_allclose(ours, spectra, atol=1e-4)
    try:
        back = torch.istft(spectra, window=torch.from_numpy(window), **kwargs)
    except RuntimeError:  # no window covers some element
        with pytest.raises(ValueError, match=r"istft: (window|input) must have"):
            F.istft(ours, window=window, **kwargs)
        return
    np.testing.assert_allclose(F.istft(ours, window=window, **kwargs), back, atol=1e-4)


@st.composite
def equations(draw):
    """An equation of up to three operands, with diagonals, sizes of 1, and summed letters."""
    sizes = {letter: draw(st.integers(0, 3)) for letter in "aBcd"}
    terms = draw(st.lists(st.text("aBcd", max_size=3), min_size=1, max_size=3))
    used = sorted(set("".join(terms)))
    shapes = [tuple(1 if draw(st.integers(0, 5)) == 0 and t.count(x) == 1 else sizes[x] for x in t) for t in terms]
    result = draw(st.none() | (st.permutations(used).flatmap(lambda p: st.integers(0, len(p)).map(lambda n: p[:n]))))
    return ",".join(terms) + ("" if result is None else "->" + "".join(result)), shapes


@settings(max_examples=25, derandomize=True, deadline=None)
@given(equations())
def test_einsum(case):
    equation, shapes = case
    operands = [draw(*shape, seed=i) for i, shape in enumerate(shapes)]
    expected = torch.einsum(equation, *map(torch.from_numpy, operands))
    np.testing.assert_allclose(F.einsum(equation, *operands), expected, atol=1e-4)
