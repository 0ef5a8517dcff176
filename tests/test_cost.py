"""Temporary memory and work of every function with gradients, at one large size, relative to inputs and outputs."""

import inspect
import math

import jax
import jax.numpy as jnp
import pytest
from cost_table import NOT_COMPILED, TABLE

import purenn.functional as F


def compiled(row):
    """The program of the outputs and of the gradients of a loss, and the bytes of inputs and outputs."""
    trained = [i for i, x in enumerate(row.inputs) if isinstance(x, tuple)]
    shapes = [jax.ShapeDtypeStruct(x, jnp.float32) if isinstance(x, tuple) else x for x in row.inputs]
    given = [x if isinstance(x, jax.ShapeDtypeStruct) else jnp.asarray(x) for x in shapes]

    def run(*arrays):
        def loss(*some):
            arrays_of = list(arrays)
            for i, x in zip(trained, some, strict=True):
                arrays_of[i] = x
            outputs = row.call(*arrays_of)
            return sum(jnp.sum(jnp.sin(y)) for y in jax.tree.leaves(outputs) if y.dtype == jnp.float32), outputs

        if not row.grad:
            return row.call(*arrays)
        return jax.grad(loss, range(len(trained)), has_aux=True)(*[arrays[i] for i in trained])

    outputs = jax.eval_shape(row.call, *given)
    elements = sum(math.prod(x.shape) for x in (*given, *jax.tree.leaves(outputs)))
    return jax.jit(run).lower(*given).compile(), elements


@pytest.mark.filterwarnings("ignore:upsample.* is deprecated")
@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)
def test_memory_and_work(row):
    program, elements = compiled(row)
    assert program.memory_analysis().temp_size_in_bytes <= row.memory * 4 * elements
    assert program.cost_analysis().get("flops", 0) <= row.work * elements


def test_every_function_has_a_row():
    public = {n for n, f in vars(F).items() if inspect.isfunction(f) and not n.startswith("_")}
    assert public == {*TABLE, *NOT_COMPILED}
