"""Models in the style of public models: ported, with torch's weights, beside torch."""

import ast
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import port_models
import pytest
import torch

from purenn.port import port


def load(source):
    scope = {"__name__": "ported"}
    exec(compile(source, "<model>", "exec"), scope)
    return scope


def arrays(value):
    if isinstance(value, torch.Tensor):
        return [value.detach().numpy()]
    if isinstance(value, tuple | list):
        return [array for each in value for array in arrays(each)]
    return [] if value is None else [np.asarray(value)]


SLOW = ("positions", "points")
NAMES = [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in port_models.MODELS]


@pytest.fixture(scope="module", params=NAMES)
def pair(request):
    """A model in torch, its port with the same arrays, inputs, and the result of `port`."""
    source, inputs = port_models.MODELS[request.param]
    ported = port(source)
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's about its own fast path
        theirs = load(source)["Model"]().eval()
    ours = load(ported.source)["Model"]().eval()
    assert str(ours.load_state_dict(theirs.state_dict())) == "<All keys matched successfully>"
    return source, ported, theirs, ours, inputs()


def test_outputs(pair):
    _, ported, theirs, ours, inputs = pair
    assert not ported.remarks or all(not remark.todo for remark in ported.remarks), ported.remarks
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = arrays(theirs(*map(torch.tensor, inputs)))
    got = arrays(ours(*map(jnp.asarray, inputs)))
    assert len(expected) == len(got)
    for a, b in zip(expected, got, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-5)


def test_no_torch_is_left(pair):
    _, ported, *_ = pair
    for node in ast.walk(ast.parse(ported.source)):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        assert "torch" not in [name.split(".")[0] for name in names]
        assert not (isinstance(node, ast.ImportFrom) and str(node.module).startswith("torch"))


def test_comments_stay(pair):
    source, ported, *_ = pair
    comments = [line.partition("# ")[2] for line in source.splitlines() if "# " in line]
    assert all(comment in ported.source for comment in comments)


def test_a_second_port_changes_nothing(pair):
    _, ported, *_ = pair
    assert port(ported.source).source == ported.source


def test_training_mode():
    """Buffers that a model changes in place, and random numbers."""
    torch.manual_seed(0)
    source, inputs = port_models.MODELS["codebook"]
    theirs, ours = load(source)["Model"](), load(port(source).source)["Model"]()
    ours.load_state_dict(theirs.state_dict())
    (x,) = inputs()
    theirs(torch.tensor(x))
    ours(jnp.asarray(x))
    np.testing.assert_allclose(ours.quantize.cluster_size, theirs.quantize.cluster_size, rtol=1e-6)

    source, inputs = port_models.MODELS["autoencoder"]
    model = load(port(source).source)["Model"]()
    (x,) = inputs()
    assert (model(jnp.asarray(x))[0] != model(jnp.asarray(x))[0]).any()
    model.compile()
    assert (model(jnp.asarray(x))[0] != model(jnp.asarray(x))[0]).any()


def test_gradients():
    torch.manual_seed(0)
    source, inputs = port_models.MODELS["attention"]
    theirs, ours = load(source)["Model"](), load(port(source).source)["Model"]()
    ours.load_state_dict(theirs.state_dict())
    idx, targets = inputs()
    theirs(torch.tensor(idx), torch.tensor(targets))[1].backward()
    from purenn import nn

    gradients = nn.grad(lambda net: net(jnp.asarray(idx), jnp.asarray(targets))[1])(ours)
    flat = jax.tree_util.tree_leaves_with_path(gradients)
    for path, gradient in flat:
        parameter = theirs.get_parameter(".".join(str(key.key) for key in path))
        np.testing.assert_allclose(gradient, parameter.grad, rtol=1e-4, atol=1e-6)
