"""Convolutions against torch, for random geometry."""

import hypothesis.strategies as st
import numpy as np
from geometry import SEEDS, agree, few, per_dimension, small_integers
from hypothesis import assume, given

DIMENSIONS = st.integers(1, 3)


@few
@given(st.data(), SEEDS, DIMENSIONS, st.integers(1, 2), st.integers(1, 2), st.integers(1, 2), st.booleans())
def test_conv_is_torchs(data, seed, n, groups, inputs, outputs, batched):
    sizes, kernel = data.draw(st.tuples(*[st.integers(1, 6)] * n)), data.draw(st.tuples(*[st.integers(1, 3)] * n))
    image = small_integers(seed, *[2] * batched, groups * inputs, *sizes)
    arrays = [
        image,
        small_integers(seed + 1, groups * outputs, inputs, *kernel),
        small_integers(seed, groups * outputs),
    ]
    padding = data.draw(st.sampled_from(["same", "valid"]) | per_dimension(n, 0, 2))
    stride, dilation = data.draw(per_dimension(n, 1, 3)), data.draw(per_dimension(n, 1, 2))
    agree(f"conv{n}d", arrays, stride, padding, dilation, groups)


@few
@given(st.data(), SEEDS, DIMENSIONS, st.integers(1, 2), st.integers(1, 2), st.integers(1, 2), st.booleans())
def test_conv_transpose_is_torchs(data, seed, n, groups, inputs, outputs, batched):
    sizes, kernel = data.draw(st.tuples(*[st.integers(2, 4)] * n)), data.draw(st.tuples(*[st.integers(1, 3)] * n))
    image = small_integers(seed, *[2] * batched, groups * inputs, *sizes)
    arrays = [
        image,
        small_integers(seed + 1, groups * inputs, outputs, *kernel),
        small_integers(seed, groups * outputs),
    ]
    stride, padding = data.draw(per_dimension(n, 1, 3)), data.draw(per_dimension(n, 0, 2))
    beyond, dilation = data.draw(per_dimension(n, 0, 1)), data.draw(per_dimension(n, 1, 2))
    # torch refuses outputs of size 0, but for float32 with groups and stride, which go another way
    assume(groups == 1 or 0 not in output_sizes(sizes, kernel, stride, padding, beyond, dilation))
    agree(f"conv_transpose{n}d", arrays, stride, padding, beyond, groups, dilation)


def output_sizes(sizes, kernel, *geometry):
    s, p, o, d = (np.broadcast_to(value, len(sizes)) for value in geometry)
    return (np.array(sizes) - 1) * s - 2 * p + d * (np.array(kernel) - 1) + o + 1


@few
@given(SEEDS, st.integers(1, 4), st.integers(1, 3), st.integers(-1, 3))
def test_conv_tbc_is_torchs(seed, time, kernel, pad):
    arrays = [small_integers(seed, time, 2, 3), small_integers(seed + 1, kernel, 3, 2), small_integers(seed + 2, 2)]
    agree("conv_tbc", arrays, pad)
