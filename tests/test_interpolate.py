"""Resampling against torch for any sizes, factors and modes. Most tests compare the taps, which need no compilation."""

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import purenn.functional as F
from purenn.functional.vision.taps import taps

MODES = ("nearest", "nearest-exact", "linear", "bicubic", "bilinear", "lanczos")
FACTORS = st.one_of(st.sampled_from([0.5, 1.0, 1.5, 2.0, 3.0, 1 / 3, 2.3, 0.7]), st.floats(0.1, 4))


def examples(n):
    return settings(max_examples=n, deadline=None, derandomize=True)


@st.composite
def calls(draw, modes=MODES):
    """The size of an axis, the size of the output's axis, and the keywords of a call that torch accepts."""
    mode, size = draw(st.sampled_from(modes)), draw(st.integers(1, 30))
    factor = draw(st.one_of(st.none(), FACTORS.filter(lambda f: size * f >= 1)))
    out = draw(st.integers(1, 40)) if factor is None else int(size * factor)
    antialias = mode == "lanczos" or (mode in ("bilinear", "bicubic") and draw(st.booleans()))
    align_corners = mode not in ("nearest", "nearest-exact", "lanczos") and draw(st.booleans())
    return mode, size, out, factor, align_corners, antialias


def keywords(mode, out, factor, align_corners, antialias, n):
    """The same call for images of one row, if the mode is for images."""
    how = {"size": (1,) * (n - 1) + (out,)} if factor is None else {"scale_factor": (1.0,) * (n - 1) + (factor,)}
    align = None if mode.startswith("nearest") else align_corners
    return {"mode": mode, "align_corners": align, "antialias": antialias, **how}


@examples(400)
@given(calls(), st.sampled_from(["float32", "float64"]))
def test_the_taps_of_any_axis_are_what_torch_does_to_a_unit_matrix(call, dtype):
    mode, size, out, factor, align_corners, antialias = call
    n = 1 if mode in ("linear", "nearest", "nearest-exact") else 2
    unit = torch.eye(size, dtype=getattr(torch, dtype)).reshape(size, 1, *(1,) * (n - 1), size)
    kwargs = keywords(mode, out, factor, align_corners, antialias, n)
    expected = torch.nn.functional.interpolate(unit, **kwargs).reshape(size, out).T.numpy()
    table = taps(mode, size, out, factor, align_corners, antialias, jnp.dtype(dtype))
    matrix = np.zeros((out, size))
    for k in range(table.source.shape[1]):
        weight = np.ones(out) if table.weight is None else table.weight[:, k]
        np.add.at(matrix, (np.arange(out), table.source[:, k]), weight)
    np.testing.assert_allclose(matrix, expected, atol=1e-5 if dtype == "float32" else 1e-12)
    np.testing.assert_allclose(matrix.sum(1), 1, rtol=1e-5)


# torch's kernel mixes up its layouts where the output is one pixel wide
@examples(12)
@given(calls(("bilinear", "bicubic", "lanczos")).filter(lambda c: c[2] > 1), st.integers(1, 3), st.integers(2, 5))
def test_bytes_give_what_torch_gives_to_the_last_bit(call, height, channels):
    mode, size, out, _, align_corners, antialias = call
    x = np.random.default_rng(size).integers(0, 256, (1, channels, height, size)).astype(np.uint8)
    kwargs = {"size": (3, out), "mode": mode, "align_corners": align_corners, "antialias": antialias}
    expected = torch.nn.functional.interpolate(torch.from_numpy(x), **kwargs).numpy()
    np.testing.assert_array_equal(F.interpolate(jnp.asarray(x), **kwargs), expected)


@examples(15)
@given(
    st.sampled_from([("bilinear", 2), ("nearest", 2), ("bicubic", 2), ("bilinear", 3), ("nearest", 3)]),
    st.sampled_from(["zeros", "border", "reflection"]),
    st.booleans(),
    st.lists(st.integers(1, 4), min_size=6, max_size=6),
    st.integers(0, 99),
)
def test_sampling_anywhere_gives_what_torch_gives(mode, padding_mode, align_corners, sizes, seed):
    (mode, n), g = mode, np.random.default_rng(seed)
    x, grid = g.standard_normal((2, 2, *sizes[:n])), g.uniform(-4, 4, (2, *sizes[3 : 3 + n], n))
    args = (mode, padding_mode, align_corners)
    expected = torch.nn.functional.grid_sample(torch.from_numpy(x), torch.from_numpy(grid), *args).numpy()
    with jax.enable_x64(True):
        np.testing.assert_allclose(
            F.grid_sample(jnp.asarray(x), jnp.asarray(grid), *args), expected, rtol=1e-9, atol=1e-9
        )


def test_sampling_a_regular_grid_gives_the_image_back():
    x = jnp.asarray(np.random.default_rng(0).standard_normal((2, 3, 4, 5)), jnp.float32)
    still = jnp.broadcast_to(jnp.eye(2, 3), (2, 2, 3))
    for align_corners in (False, True):
        grid = F.affine_grid(still, x.shape, align_corners)
        np.testing.assert_allclose(F.grid_sample(x, grid, align_corners=align_corners), x, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "kwargs"),
    [
        ("upsample", {"scale_factor": 2.0, "mode": "bilinear", "align_corners": True}),
        ("upsample", {"size": (3, 7)}),
        ("upsample_nearest", {"size": 5}),
        ("upsample_bilinear", {"scale_factor": (2, 1.5)}),
    ],
)
def test_the_old_names_warn_and_give_what_torch_gives(name, kwargs):
    x = np.random.default_rng(0).standard_normal((1, 2, 3, 4)).astype(np.float32)
    with pytest.warns(UserWarning, match=f"{name} is deprecated"):
        got = getattr(F, name)(jnp.asarray(x), **kwargs)
    with warnings.catch_warnings(action="ignore"):
        expected = getattr(torch.nn.functional, name)(torch.from_numpy(x), **kwargs)
    np.testing.assert_allclose(got, expected.numpy(), rtol=1e-5, atol=1e-5)


def test_shuffling_and_unshuffling_give_the_input_back():
    x = jnp.arange(2 * 8 * 3 * 2).reshape(2, 8, 3, 2)
    assert (F.pixel_unshuffle(F.pixel_shuffle(x, 2), 2) == x).all()
    assert (F.channel_shuffle(F.channel_shuffle(x, 2), 4) == x).all()
    assert F.pixel_unshuffle(jnp.ones((0, 2, 4, 4)), 2).shape == (0, 8, 2, 2)
