"""Extreme numbers beside torch: values and gradients, eager and compiled, alone and behind other arithmetic."""

import dataclasses
import functools
import importlib
import inspect
import pkgutil

import extremes
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from extremes import activation
from extremes_engine import (
    DTYPES,
    HALF,
    WAYS,
    Way,
    candidates,
    compiled,
    numpy_dtype,
    of,
    our_function,
    problems,
)

import purenn.functional as F

MODULES = [importlib.import_module(f"extremes.{m.name}") for m in pkgutil.iter_modules(extremes.__path__)]
FAMILIES = {module.__name__.removeprefix("extremes."): module.TABLE for module in MODULES}
PART = 16  # rows that are compiled together
PARTS = [(name, k) for name, table in FAMILIES.items() for k in range(0, len(table), PART)]


def dtypes_of(part):
    name, start = part
    return [d for d in DTYPES if any(d in row.dtypes for row in FAMILIES[name][start : start + PART])]


def ways_of(dtype):
    return [w for w in WAYS if WAYS[w].factor == 1 or dtype not in HALF]


def sampled(part, dtype, way):
    """Every part once, alternating over all dtypes and compiled ways."""
    number, dtypes, ways = PARTS.index(part), dtypes_of(part), [w for w in ways_of(dtype) if WAYS[w].jit]
    return dtype == dtypes[number % len(dtypes)] and way == ways[number // 4 % len(ways)]


def cases():
    for part in PARTS:
        for dtype in dtypes_of(part):
            for way in ways_of(dtype):
                marks = () if sampled(part, dtype, way) else pytest.mark.slow
                yield pytest.param(part, dtype, way, id=f"{part[0]} {part[1]}-{dtype}-{way}", marks=marks)


@functools.lru_cache(maxsize=512)
def torchs(name, k, dtype, factor):
    return candidates(FAMILIES[name][k], dtype, factor)


@pytest.mark.parametrize(("part", "dtype", "way"), list(cases()))
def test_values_and_gradients_are_torchs(part, dtype, way):
    name, start = part
    options = WAYS[way]
    with jax.enable_x64(dtype == "float64"):
        rows = [
            (k, row)
            for k, row in enumerate(FAMILIES[name][start : start + PART], start)
            if dtype in row.dtypes and (row.rounded or options.factor == 1)
        ]
        functions = [our_function(row, dtype, options) for _, row in rows]
        run = lambda given, one: [f(arrays, one) for (f, _), arrays in zip(functions, given, strict=True)]  # noqa: E731
        found = (compiled(run) if options.jit else run)([arrays for _, arrays in functions], jnp.float32(1))
        wrong = [
            problem
            for (k, row), got in zip(rows, found, strict=True)
            for problem in problems(row, dtype, got, *torchs(name, k, dtype, options.factor))
        ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("dtype", HALF)
def test_functions_of_all_half_numbers(dtype):
    numbers = np.arange(1 << 16, dtype=np.uint16).view(numpy_dtype(dtype)).astype(np.float32)
    table = [row for row in activation.SINGLE if dtype in row.dtypes]
    table = [dataclasses.replace(row, args=(of(lambda n: numbers), *row.args[1:])) for row in table]
    functions = [our_function(row, dtype, Way()) for row in table]
    run = lambda given, one: [f(arrays, one) for (f, _), arrays in zip(functions, given, strict=True)]  # noqa: E731
    found = compiled(run)([arrays for _, arrays in functions], jnp.float32(1))
    wrong = [
        p for row, got in zip(table, found, strict=True) for p in problems(row, dtype, got, *candidates(row, dtype, 1))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize(("name", "target"), [("multi_margin_loss", (0,)), ("multilabel_margin_loss", (0, 3))])
def test_margins_of_nothing(name, target, reduction):
    """Torch leaves their means and sums undefined: it returns uninitialized memory."""
    t = jnp.zeros(target, jnp.int32)
    value, pull = jax.vjp(lambda x: getattr(F, name)(x, t, reduction=reduction), jnp.zeros((0, 3)))
    assert value.shape == ((0,) if reduction == "none" else ()) and not np.any(value)
    assert pull(value)[0].shape == (0, 3)


# Functions of which the tables have no row, and why.
ABSENT = {
    "moves numbers": {
        *("atleast_1d", "atleast_2d", "atleast_3d", "block_diag", "broadcast_shapes", "broadcast_tensors"),
        *("cartesian_prod", "channel_shuffle", "meshgrid", "native_channel_shuffle", "pixel_unshuffle", "split"),
        *("unique", "unique_consecutive", "unravel_index"),
    },
    "is a product or a transform, whose sums the order of the terms decides": {
        *("affine_grid", "bilinear", "chain_matmul", "conv1d", "conv2d", "conv3d", "conv_tbc", "conv_transpose1d"),
        *("conv_transpose2d", "conv_transpose3d", "einsum", "grouped_mm", "istft", "linear", "lu", "pca_lowrank"),
        *("scaled_grouped_mm", "scaled_mm", "stft", "svd_lowrank", "tensordot"),
    },
    "is random": {
        *("alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout"),
        *("fractional_max_pool2d", "fractional_max_pool2d_with_indices", "fractional_max_pool3d"),
        *("fractional_max_pool3d_with_indices", "gumbel_softmax"),
    },
    "is one of the table in more dimensions, or under another name": {
        *("adaptive_avg_pool3d", "adaptive_max_pool1d_with_indices", "adaptive_max_pool2d"),
        *("adaptive_max_pool2d_with_indices", "adaptive_max_pool3d", "adaptive_max_pool3d_with_indices", "lp_pool3d"),
        *("max_pool1d_with_indices", "max_pool2d_with_indices", "max_pool3d_with_indices", "max_unpool2d"),
        *("max_unpool3d", "upsample", "upsample_bilinear", "upsample_nearest"),
    },
    "is made of others of the table": {
        *("batch_norm_update", "cross_map_lrn2d", "instance_norm_update", "multi_head_attention_forward"),
        *("sync_batch_norm", "triplet_margin_with_distance_loss"),
    },
}


def test_every_function_has_a_row():
    public = {n for n, f in vars(F).items() if inspect.isfunction(f) and not n.startswith("_")}
    absent = set().union(*ABSENT.values())
    assert public - {row.name for table in FAMILIES.values() for row in table} == absent
