"""Arrays start as in torch: equal constants, and random numbers of the same distribution, over 50 seeds."""

import numpy as np
import pytest
import torch
from layer_engine import Row
from layer_table import TABLE
from scipy import stats

from purenn import layers, random
from purenn.tree import flatten

SEEDS = 50


def starts(row: Row) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """All numbers of every array over 50 seeds, of torch and of purenn."""
    theirs, ours = {}, {}
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        for name, tensor in row.theirs().state_dict().items():
            theirs.setdefault(name, []).append(tensor.numpy().ravel())
        params, state = row.layer().draw(random.Stream(seed))
        for name, array in {**flatten(params), **flatten(state)}.items():
            ours.setdefault(name, []).append(np.asarray(array).ravel())
    return {name: (np.concatenate(theirs[name]), np.concatenate(ours[name])) for name in theirs}


def has_arrays(layer: layers.Layer) -> bool:
    return bool(layer.parameters()) or any(map(has_arrays, layer.children().values()))


def distinct() -> list[Row]:
    """The rows with arrays: each class and choice of arguments once; for compositions of layers, each class once."""
    found = {}
    for row in TABLE:
        if has_arrays(layer := row.layer()):
            found.setdefault((row.name, *(() if layer.children() else (repr(row.args), repr(row.kwargs)))), row)
    return list(found.values())


def same_distribution(theirs: np.ndarray, ours: np.ndarray, where: str) -> None:
    if np.ptp(theirs) == 0:
        np.testing.assert_array_equal(ours, theirs, err_msg=where)
        return
    count, spread = len(theirs), theirs.std()
    assert abs(theirs.mean() - ours.mean()) < 5 * spread * np.sqrt(2 / count), where
    kurtosis = stats.kurtosis(theirs, fisher=False)
    assert abs(ours.var() / spread**2 - 1) < 6 * np.sqrt(2 * max(kurtosis - 1, 0.5) / count), where
    if kurtosis < 2.2:  # uniform: the bounds are the same
        assert abs(np.ptp(theirs) - np.ptp(ours)) < 20 * np.ptp(theirs) / count, where
    assert stats.ks_2samp(theirs, ours).pvalue > 1e-4, where


@pytest.mark.parametrize("row", distinct(), ids=repr)
def test_arrays_start_as_torchs(row: Row):
    for name, (theirs, ours) in starts(row).items():
        same_distribution(theirs, ours, name)


def test_another_distribution_is_noticed():
    uniform = np.random.default_rng(0).uniform(-1, 1, 1000)
    for other in (uniform * 1.2, uniform + 0.2, np.random.default_rng(1).normal(0, uniform.std(), 1000)):
        with pytest.raises(AssertionError):
            same_distribution(uniform, other, "")
    same_distribution(uniform, np.random.default_rng(2).uniform(-1, 1, 1000), "")
