"""Unfolding and folding against torch, for random geometry; each is the other's transpose."""

import hypothesis.strategies as st
import jax
import numpy as np
from geometry import SEEDS, agree, few, per_dimension, small_integers
from hypothesis import assume, given

import purenn.functional as F

SIZES = st.tuples(st.integers(1, 5), st.integers(1, 5))
BLOCKS = st.tuples(per_dimension(2, 1, 3), per_dimension(2, 1, 2), per_dimension(2, 0, 2), per_dimension(2, 1, 3))


@few
@given(SEEDS, SIZES, BLOCKS, st.sampled_from([(), (0,), (2,)]))
def test_unfold_is_torchs(seed, sizes, blocks, batch):
    agree("unfold", [small_integers(seed, *batch, 2, *sizes)], *blocks)


@few
@given(SEEDS, SIZES, BLOCKS, st.sampled_from([(), (2,)]))
def test_fold_is_torchs_and_the_transpose_of_unfold(seed, sizes, blocks, batch):
    image = small_integers(seed, *batch, 2, *sizes)
    try:
        shape = jax.eval_shape(lambda x: F.unfold(x, *blocks), image).shape
    except ValueError:
        assume(False)
        raise
    columns = small_integers(seed + 1, *shape)
    assert agree("fold", [columns], sizes, *blocks)

    @jax.jit
    def both(image, columns):
        return F.unfold(image, *blocks), F.fold(columns, sizes, *blocks)

    unfolded, folded = both(image, columns)
    assert np.vdot(unfolded, columns) == np.vdot(image, folded)  # of small integers: exact
