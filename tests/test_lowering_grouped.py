"""Products by groups of rows beside one product per group, in every derivative mode."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from purenn.lowering.grouped import MAX_ROWS, row_products, row_sums

# rows, their columns, the products' columns, and where the groups end: empty ones, rows in none, blocks that several
# groups share, groups of several blocks
SIZES = [
    (8, 4, 3, (3, 8)),
    (40, 2, 4, (0, 0, 17, 17, 33)),
    (100, 3, 2, (1, 2, 3, 100)),
    (2 * MAX_ROWS + 70, 2, 2, (2 * MAX_ROWS + 30, 2 * MAX_ROWS + 60)),
    (5, 2, 2, (0, 0)),
    (0, 2, 3, (0, 0)),
]


def by_group(x, w, ends):
    y, start = jnp.zeros((x.shape[0], w.shape[2]), x.dtype), 0
    for g, end in enumerate(ends):
        y = y.at[start:end].set(x[start:end] @ w[g])
        start = end
    return y


def sums_by_group(x, y, ends):
    bounds = [0, *ends]
    return jnp.stack([x[a:b].T @ y[a:b] for a, b in itertools.pairwise(bounds)])


def everything(function):
    """Value, jvp, vjp and the derivative of both, all under vmap."""

    def run(x, dx):
        gradient = jax.grad(lambda *x: jnp.sum(jnp.sin(function(*x))), (0, 1))
        return jax.jvp(function, x, dx), jax.jvp(gradient, x, dx)

    return jax.jit(jax.vmap(run))


@pytest.mark.parametrize("to", ["rows", "matrices"])
@pytest.mark.parametrize(("rows", "k", "n", "ends"), SIZES, ids=str)
def test_the_groups_one_by_one(rows, k, n, ends, to):
    g, other = np.random.default_rng(0), (len(ends), k, n) if to == "rows" else (rows, n)
    given = [tuple(g.standard_normal((2, *shape)) for shape in ((rows, k), other)) for _ in range(2)]
    with jax.enable_x64(True):
        known = jnp.asarray(ends, jnp.int32)
        fast, slow = (row_products, by_group) if to == "rows" else (row_sums, sums_by_group)
        got = everything(lambda a, b: fast(a, b, known, jnp.float64))(*given)
        expected = everything(lambda a, b: slow(a, b, ends))(*given)
        for one, another in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
            np.testing.assert_allclose(one, another, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("groups", [4, 64])
def test_work_does_not_grow_with_the_groups(groups):
    """The program has the product of one block. Its loop needs at most one further block per group."""
    x, w, ends = jnp.zeros((4096, 16)), jnp.zeros((groups, 16, 16)), jnp.arange(groups, dtype=jnp.int32)
    program = jax.jit(lambda x, w: row_products(x, w, ends, jnp.float32)).lower(x, w).compile()
    assert program.cost_analysis()["flops"] < 10 * MAX_ROWS * 16 * 16 + 100 * groups
    assert program.memory_analysis().temp_size_in_bytes < 4 * x.nbytes
