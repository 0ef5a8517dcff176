"""Products of 8-bit numbers and of groups against torch's CPU kernels, and by hand where torch has none."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest
import torch

import purenn.functional as F

TENSOR, ROW = F.ScalingType.TensorWise, F.ScalingType.RowWise
BY_TENSOR = (jnp.float32(0.5), TENSOR, jnp.float32(3.0), TENSOR)


def eighths(*shape, dtype="float8_e4m3fn", seed=0):
    x = torch.from_numpy(np.random.default_rng(seed).standard_normal(shape)).to(getattr(torch, dtype))
    return jnp.asarray(x.float().numpy()).astype(dtype), x


def scaled(shape, seed):
    return jnp.asarray(np.random.default_rng(seed).uniform(0.5, 2.0, shape), jnp.float32)


def theirs(value):
    """The torch counterpart of an argument."""
    if isinstance(value, F.ScalingType | F.SwizzleType):
        return getattr(getattr(torch.nn.functional, type(value).__name__), value.name)
    return torch.from_numpy(np.array(value)) if isinstance(value, jnp.ndarray) else value


def same(ours, torchs, tolerance=1e-5):
    assert str(ours.dtype) == str(torchs.dtype).removeprefix("torch.")
    np.testing.assert_allclose(np.asarray(ours, np.float32), torchs.float().numpy(), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtypes", list(itertools.product(("float8_e4m3fn", "float8_e5m2"), repeat=2)))
@pytest.mark.parametrize(("by", "bias"), [("tensor", False), ("row", True)])
def test_scaled_product_is_torchs(dtypes, by, bias):
    (a, ta), (b, tb) = eighths(3, 5, dtype=dtypes[0]), eighths(5, 7, dtype=dtypes[1], seed=1)
    scales = BY_TENSOR if by == "tensor" else (scaled((3, 1), 0), ROW, scaled((1, 7), 1), ROW)
    kwargs = {"bias": scaled(7, 2)} if bias else {}
    for out in ("float32", "bfloat16", "float8_e4m3fn", None):
        kwargs["output_dtype"] = out
        expected = torch.nn.functional.scaled_mm(
            ta,
            tb,
            *map(theirs, scales),
            **{k: getattr(torch, v) if isinstance(v, str) else theirs(v) for k, v in kwargs.items()},
        )
        # the sums' order decides some roundings
        same(
            F.scaled_mm(a, b, *scales, **kwargs),
            expected,
            1e-5 if out == "float32" else 1e-2 if out == "bfloat16" else 0.13,
        )


def test_scaled_product_takes_lists_and_ends_at_the_largest_number():
    x = jnp.full((1, 1), 400.0, jnp.float8_e4m3fn)
    one, swizzle = jnp.ones(1), F.SwizzleType.NO_SWIZZLE
    y = F.scaled_mm(x, x, [one], [TENSOR], [one], [TENSOR], [swizzle], swizzle, None, None, [-1, -2], True)
    assert y.dtype == jnp.float8_e4m3fn
    assert float(y[0, 0]) == 448.0


A, B = jnp.ones((2, 4), jnp.float8_e4m3fn), jnp.ones((4, 3), jnp.float8_e4m3fn)
ONE = jnp.float32(1)


@pytest.mark.parametrize(
    ("args", "kwargs", "match"),
    [
        ((A.astype(jnp.float32), B, *BY_TENSOR), {}, "mat_a must have a float8 dtype"),
        ((A[None], B, *BY_TENSOR), {}, "mat_a must have rank 2"),
        ((A, B[:3], *BY_TENSOR), {}, r"mat_b must have shape \(4, N\)"),
        ((A, B, [ONE, ONE], TENSOR, ONE, TENSOR), {}, "scale_a must be one value, or a list of one"),
        ((A, B, jnp.ones(2), TENSOR, ONE, TENSOR), {}, "scale_a must be a single number"),
        ((A, B, jnp.bfloat16(1), TENSOR, ONE, TENSOR), {}, "scale_a must have dtype float32"),
        ((A, B, jnp.ones((2, 1)), ROW, jnp.ones((3, 1)), ROW), {}, r"scale_b must have shape \(1, 3\)"),
        ((A, B, jnp.ones((2, 1)), ROW, ONE, TENSOR), {}, "scale_recipe_a and scale_recipe_b must be both"),
        (
            (A, B, ONE, F.ScalingType.BlockWise1x32, ONE, F.ScalingType.BlockWise1x32),
            {},
            "scale_recipe_a and scale_recipe_b",
        ),
        ((A, B, *BY_TENSOR), {"bias": jnp.ones(2)}, r"bias must have shape \(3,\)"),
        ((A, B, *BY_TENSOR), {"bias": jnp.ones(3, jnp.int32)}, "bias must have dtype float32"),
        ((A, B, *BY_TENSOR), {"contraction_dim": (0, 0)}, "contraction_dim must be empty"),
    ],
)
def test_bad_scaled_products_are_refused_by_both(args, kwargs, match):
    with pytest.raises((ValueError, TypeError), match=f"scaled_mm: {match}"):
        F.scaled_mm(*args, **kwargs)

    def twin(value):
        if isinstance(value, list):
            return [twin(v) for v in value]
        if isinstance(value, jnp.ndarray) and value.dtype != jnp.float32:
            return torch.from_numpy(np.asarray(value, np.float32)).to(getattr(torch, str(value.dtype)))
        return theirs(value)

    with pytest.raises((ValueError, RuntimeError, IndexError)):
        torch.nn.functional.scaled_mm(*map(twin, args), **{k: twin(v) for k, v in kwargs.items()})


@pytest.mark.parametrize(
    ("left", "right", "ends"),
    [((2, 3, 4), (2, 4, 5), None), ((5, 4), (2, 4, 3), (2, 5)), ((2, 3, 4), (4, 5), (1, 5)), ((3, 5), (5, 4), (2, 5))],
)
def test_scaled_groups_are_the_groups_of_the_scaled_numbers(left, right, ends):
    """torch has these on GPUs only."""
    (a, _), (b, _) = eighths(*left), eighths(*right, seed=1)
    offs = None if ends is None else jnp.asarray(ends, jnp.int32)
    if len(left) == len(right) == 2:  # a scale for every row of every group
        rows, columns = scaled(2 * left[0], 2), scaled(2 * right[1], 3)
        by_hand = [
            (np.float32(a)[:, i:j] * np.asarray(rows).reshape(2, -1, 1)[g])
            @ (np.float32(b)[i:j] * np.asarray(columns).reshape(2, 1, -1)[g])
            for g, (i, j) in enumerate([(0, 2), (2, 5)])
        ]
        expected = jnp.asarray(np.stack(by_hand))
    else:
        rows, columns = scaled(left[:-1], 2), scaled((*right[:-2], right[-1]), 3)
        wide = a.astype(jnp.float32) * rows[..., None], b.astype(jnp.float32) * columns[..., None, :]
        expected = F.grouped_mm(*wide, offs=offs)
    got = F.scaled_grouped_mm(a, b, rows, ROW, columns, ROW, offs=offs)
    assert got.dtype == jnp.bfloat16
    np.testing.assert_allclose(np.asarray(got, np.float32), expected, rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize(
    ("args", "kwargs", "match"),
    [
        ((A, B, ONE, TENSOR, ONE, TENSOR), {}, "scale_recipe_a must be ScalingType.RowWise"),
        ((A.astype(jnp.float8_e5m2), B, ONE, ROW, ONE, ROW), {}, "mat_a and mat_b must have dtype float8_e4m3fn"),
        ((A, B, jnp.ones(2), ROW, jnp.ones(3), ROW), {"bias": ONE}, "bias must be None"),
        (
            (A, B, jnp.ones(2), ROW, jnp.ones(3), ROW),
            {"output_dtype": jnp.float32},
            "output_dtype must be None or bfloat16",
        ),
        ((A, B, jnp.ones(2), ROW, jnp.ones(3), ROW), {"contraction_dim": (0, 1)}, "contraction_dim must be empty"),
        ((A[0], B, jnp.ones(2), ROW, jnp.ones(3), ROW), {}, "mat_a must have rank 2 or 3"),
        ((A, B, jnp.ones(3), ROW, jnp.ones(3), ROW), {}, r"scale_a must have shape \(2,\)"),
        ((A, B, jnp.ones(2), ROW, jnp.ones(2), ROW), {}, r"scale_b must have shape \(3,\)"),
        ((A, B, jnp.ones(2), ROW, jnp.ones(3), ROW), {}, "offs must be given"),
    ],
)
def test_bad_scaled_groups_are_refused(args, kwargs, match):
    with pytest.raises((ValueError, TypeError), match=f"scaled_grouped_mm: {match}"):
        F.scaled_grouped_mm(*args, **kwargs)


def test_a_group_is_torchs_and_nan_stays_in_it():
    g = np.random.default_rng(0)
    a, b = g.standard_normal((8, 4)).astype(np.float32), g.standard_normal((2, 4, 8)).astype(np.float32)
    b[1, 0, 0] = np.nan
    offs = np.array([3, 8], np.int32)
    got = F.grouped_mm(jnp.asarray(a), jnp.asarray(b), offs=jnp.asarray(offs))
    expected = torch.nn.functional.grouped_mm(torch.from_numpy(a), torch.from_numpy(b), offs=torch.from_numpy(offs))
    np.testing.assert_allclose(got, expected.numpy(), rtol=1e-5, atol=1e-5)
