"""Every row of the tables of docs/from_pytorch.md: torch's line, the port's line, and the same result."""

import re
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from purenn import functional as F
from purenn import nn
from purenn.interop import ops
from purenn.port import port

PAGE = (Path(__file__).parent.parent / "docs" / "from_pytorch.md").read_text()


@pytest.fixture(autouse=True)
def promotion():
    """The promotion rules of user programs, not the strict rules of the library's tests."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


def rows(name):
    table = PAGE.split(f"<!-- {name} -->")[1].split("\n\n")[0]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table.strip().splitlines()[2:]]
    return [(row[0].strip("`"), row[-1].strip("`")) for row in cells]


def sample(word):
    """The rows of the differences. Rows without the word are slow."""
    table = PAGE.split("<!-- differences -->")[1].split("\n\n")[0]
    marked = {line.split("|")[1].strip().strip("`") for line in table.splitlines() if word in line}
    found = rows("differences")
    return [row if row[0] in marked else pytest.param(*row, marks=pytest.mark.slow) for row in found]


def inputs():
    rng = np.random.default_rng(0)
    x = rng.integers(-4, 5, (4, 3, 2)).astype(np.float32) * 0.3  # with zeros, ties and multiples of 0.6
    return {"x": x, "h": rng.standard_normal((2, 3)).astype(np.float16), "i": np.array([[1, 1], [0, 2]])}


def ported(line, result):
    """The port of a line, as the body of a function of the tensors."""
    head = "import numpy as np\nimport torch\n\n\ndef line(x, h: torch.Tensor, i: torch.Tensor):\n"
    source = f"{head}    {line}\n    return {result}\n"
    new = port(source)
    assert not new.remarks
    return new.source


def leaves(value):
    if isinstance(value, torch.Tensor):
        return [value.detach().numpy()]
    if isinstance(value, tuple | list):
        return [leaf for each in value for leaf in leaves(each)]
    return [np.asarray(value)]


def check(theirs, ours):
    theirs, ours = leaves(theirs), leaves(ours)
    assert len(theirs) == len(ours)
    for a, b in zip(theirs, ours, strict=True):
        assert a.shape == b.shape
        assert a.dtype.kind == b.dtype.kind
        assert a.dtype == b.dtype or a.dtype.itemsize == 8
        np.testing.assert_allclose(b, a, rtol=1e-3 if a.dtype == np.float16 else 1e-6)


def functions(line, result):
    names = {"torch": torch, "np": np}
    exec(f"def line(x, h, i):\n    {line}\n    return {result}", names)
    scope = {}
    exec(ported(line, result), scope)
    return names["line"], scope["line"]


@pytest.mark.parametrize(("theirs", "ours"), rows("differences"))
def test_expression(theirs, ours):
    line = f"y = {theirs}"
    assert f"    y = {ours}\n" in ported(line, "y")
    their, our = functions(line, "y")
    arrays = inputs()
    expected = their(**{name: torch.tensor(array) for name, array in arrays.items()})
    check(expected, our(**{name: jnp.asarray(array) for name, array in arrays.items()}))


@pytest.mark.parametrize(("theirs", "ours"), [row for row in sample("jit") if "nonzero" not in str(row)])
def test_compiled(theirs, ours):
    their, our = functions(f"y = {theirs}", "y")
    arrays = inputs()
    expected = their(**{name: torch.tensor(array) for name, array in arrays.items()})
    check(expected, jax.jit(our)(**{name: jnp.asarray(array) for name, array in arrays.items()}))


@pytest.mark.parametrize(("theirs", "ours"), sample("gradient"))
def test_gradient(theirs, ours):
    their, our = functions(f"y = {theirs}", "y")
    arrays = inputs()
    arrays["x"][0] = 0  # the norm's gradient at 0, and ties
    if "norm" in theirs:
        arrays["x"][:] = 0
    x = torch.tensor(arrays["x"], requires_grad=True)
    found = their(x, torch.tensor(arrays["h"]), torch.tensor(arrays["i"]))
    found = [
        y for y in (found if isinstance(found, tuple) else [found]) if isinstance(y, torch.Tensor) and y.requires_grad
    ]
    if not found:
        return

    def total(x):
        y = our(x, jnp.asarray(arrays["h"]), jnp.asarray(arrays["i"]))
        y = y if isinstance(y, tuple | list) else [y]
        return sum((each * each + each).sum() for each in y if jnp.issubdtype(jnp.asarray(each).dtype, jnp.inexact))

    sum((y * y + y).sum() for y in found).backward()
    np.testing.assert_allclose(jax.grad(total)(jnp.asarray(arrays["x"])), x.grad, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("theirs", "ours"), rows("statements"))
def test_statement(theirs, ours):
    assert f"    {ours}\n" in ported(theirs, "x")
    their, our = functions(theirs, "x")
    arrays = inputs()
    expected = their(**{name: torch.tensor(array) for name, array in arrays.items()})
    check(expected, our(**{name: jnp.asarray(array) for name, array in arrays.items()}))


def test_the_differences_are_there():
    """jax's result for the same code differs, so every row warns of a real difference."""
    x = jnp.asarray(inputs()["x"])
    assert x.max(1).shape == (4, 2)
    assert not np.allclose(x.std(1), x.std(1, ddof=1))
    assert jnp.repeat(x, 2, axis=0)[1].tolist() != jnp.tile(x, (2, 1, 1))[1].tolist()
    assert jnp.median(jnp.array([1.0, 2.0])) == 1.5
    assert ops.median(jnp.array([1.0, 2.0])) == 1
    assert (jnp.ones(1, jnp.float16) * np.sqrt(2)).dtype == jnp.float32
    assert jnp.zeros(1).at[jnp.array([0, 0])].add(1) == 2
    assert jnp.isnan(jax.grad(jnp.linalg.norm)(jnp.zeros(2))).all()
    assert not jnp.isnan(jax.grad(F.norm)(jnp.zeros(2))).any()
    assert jax.grad(lambda x: jnp.clip(x, 0))(0.0) == 0.5
    assert jnp.asarray(inputs()["i"]).dtype == jnp.int32


def test_division_is_a_product_under_jit():
    i = np.arange(150)
    expected = torch.floor((2 * torch.tensor(i) + 1) / 0.6).numpy()
    reciprocal = jax.jit(lambda i: jnp.floor((2 * i + 1) / 0.6))(jnp.asarray(i))
    assert (np.asarray(reciprocal) != expected).any()
    line = functions("y = torch.floor((2 * i + 1) / 0.6)", "y")[1]
    got = jax.jit(lambda i: line(None, None, i))(jnp.asarray(i))
    np.testing.assert_array_equal(got, expected)


def test_page_shows_what_the_port_prints():
    parts = re.findall(r"<!-- walk: (\w+) -->\n```python\n(.*?)```", PAGE, re.DOTALL)
    (first, source), (second, shown) = parts
    assert (first, second) == ("torch", "purenn")
    new = port(source)
    assert not new.remarks
    assert new.source == shown


def test_page_trains_as_torch():
    source = re.findall(r"<!-- walk: \w+ -->\n```python\n(.*?)```", PAGE, re.DOTALL)
    printed = []
    scopes = [{"print": printed.append} for _ in source]
    for text, scope in zip(source, scopes, strict=True):
        exec(text, scope)
    rng = np.random.default_rng(0)
    batches = [(rng.standard_normal((6, 1, 8, 8)).astype(np.float32), rng.integers(0, 10, 6)) for _ in range(3)]
    torch.manual_seed(0)
    theirs, ours = scopes[0]["Net"](), scopes[1]["Net"]()
    ours.load_state_dict(theirs.state_dict())
    scopes[0]["train"](theirs, [(torch.tensor(x), torch.tensor(y)) for x, y in batches], "cpu", 3)
    scopes[1]["train"](ours, batches, jax.devices()[0], 3)
    assert printed[:3] == printed[3:]
    for name, array in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[name], array, rtol=1e-4, atol=1e-5)
    assert isinstance(ours, nn.Module)
