"""Padding against torch, for random modes, ranks and amounts."""

import hypothesis.strategies as st
from geometry import SEEDS, agree, few, small_integers
from hypothesis import given


@few
@given(
    st.data(),
    SEEDS,
    st.sampled_from(["constant", "reflect", "replicate", "circular"]),
    st.booleans(),
    st.integers(1, 3),
)
def test_pad_is_torchs(data, seed, mode, batched, n):
    sizes = data.draw(st.tuples(*[st.integers(1, 4)] * n))
    # torch's circular mode reads what it hasn't written where it also takes away
    least = 0 if mode == "circular" else -2
    amounts = data.draw(st.lists(st.integers(least, 3), min_size=2 * n, max_size=2 * n))
    agree("pad", [small_integers(seed, *[2] * (1 + batched), *sizes)], amounts, mode)
