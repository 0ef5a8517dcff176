"""An `nn.Parameter` that belongs to no module yet acts like its array."""

import copy
import operator
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from purenn import functional as F
from purenn import nn

VALUES = np.array([[1.5, -2.0, 3.0], [0.5, 4.0, -1.0]], np.float32)
BINARY = ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "eq", "ne", "lt", "le", "gt", "ge"]
UNARY = {
    "neg": operator.neg,
    "pos": operator.pos,
    "abs": abs,
    "row": lambda p: p[0],
    "element": lambda p: p[1, 2],
    "slice": lambda p: p[:, 1:],
    "mask": lambda p: p[p > 0],
    "len": len,
    "iter": lambda p: [x + 1 for x in p],
    "float": lambda p: float(p[0, 0]),
    "contains": lambda p: 4.0 in p[1] and 4.0 not in p[0],
    "T": lambda p: p.T,
    "sum": lambda p: p.sum(0),
    "matmul": lambda p: p @ p.T,
    "reshape": lambda p: p.reshape(3, 2),
    "shape": lambda p: (p.shape, p.ndim, str(p.dtype), p.size),
    "jnp": lambda p: jnp.concatenate([p, p]),
    "numpy": lambda p: np.concatenate([p, p]),
    "asarray": np.asarray,
    "functional": lambda p: F.softmax(p, dim=1),
    "jit": lambda p: jax.jit(lambda p: p * 2)(p),
    "grad": lambda p: jax.grad(lambda p: (p**2).sum())(p),
    "tree": lambda p: jax.tree.map(lambda a: a + 1, {"a": p}),
    "at": lambda p: p.at[0].set(0.0),
}


def same(a, b):
    jax.tree.map(np.testing.assert_array_equal, a, b)
    types = [jax.tree.map(lambda x: (type(x), getattr(x, "dtype", None)), tree) for tree in (a, b)]
    assert types[0] == types[1]


@pytest.mark.parametrize("name", BINARY)
def test_binary_operators(name):
    function, array = getattr(operator, name), jnp.asarray(VALUES)
    others = [2.0, array + 1, VALUES, nn.Parameter(array - 3), np.float32(3)]
    for other in others:
        plain = other.data if isinstance(other, nn.Parameter) else other
        parameter = nn.Parameter(array)
        same(function(parameter, other), function(array, plain))
        same(function(other, parameter), function(plain, array))
        theirs = torch.nn.Parameter(torch.tensor(VALUES))
        expected = function(theirs, torch.as_tensor(np.array(plain))).detach().numpy()
        np.testing.assert_allclose(np.asarray(function(parameter, other)), expected, rtol=1e-5)


@pytest.mark.parametrize("name", UNARY)
def test_everything_else(name):
    array = jnp.asarray(VALUES)
    same(UNARY[name](nn.Parameter(array)), UNARY[name](array))


def test_integers_and_booleans():
    array = jnp.array([1, 2, 3])
    p = nn.Parameter(array, requires_grad=False)
    assert 2 in p and 5 not in p
    for function in (operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift, divmod):
        same(function(p, 2), function(array, 2))
        same(function(2, p), function(2, array))
    same(~p, ~array)
    assert list(range(5))[nn.Parameter(jnp.array(2), False)] == 2 and bool(nn.Parameter(jnp.ones(())))
    assert f"{nn.Parameter(jnp.array(1.5)):.2f}" == "1.50" and hash(p) != hash(nn.Parameter(array, False))


def test_what_it_becomes():
    net, p = nn.Module(), nn.Parameter(jnp.ones(2))
    with pytest.raises(TypeError, match="immutable"):
        p[0] = 3.0
    twin, restored = copy.deepcopy(p), pickle.loads(pickle.dumps(p))
    assert isinstance(p, nn.Parameter) and type(p + 1) is type(jnp.ones(2)) and not isinstance(p + 1, nn.Parameter)
    net.a = net.b = p
    net.c, net.d = twin, restored
    assert len(list(net.parameters())) == 3 and net.a is net.b and isinstance(net.a, nn.Parameter)
    assert not isinstance(jnp.ones(2), nn.Parameter) and not isinstance(VALUES, nn.Parameter)
