"""torch.nn.utils beside torch: clipped gradients, parameters as vectors, fused and empty modules."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch
from torch.nn.utils import fusion as torch_fusion

from purenn import layers, nn, utils

RNG = np.random.default_rng(0)
SHAPES = {"w": (3, 4), "b": (5,), "s": ()}
GRADS = {name: np.asarray(3 * RNG.standard_normal(shape), np.float32) for name, shape in SHAPES.items()}


def torch_parameters(grads, dtype=torch.float32):
    parameters = []
    for grad in grads.values():
        parameter = torch.nn.Parameter(torch.zeros(grad.shape, dtype=dtype))
        parameter.grad = torch.tensor(grad).to(dtype)
        parameters.append(parameter)
    return parameters


@pytest.mark.parametrize("jitted", [False, True])
@pytest.mark.parametrize("max_norm", [0.5, 1e3])
@pytest.mark.parametrize("p", [0.0, 1.0, 2.0, 3.0, 0.5, math.inf, -math.inf, "inf"])
def test_clip_grad_norm(p, max_norm, jitted):
    parameters = torch_parameters(GRADS)
    expected = torch.nn.utils.clip_grad_norm_(parameters, max_norm, p)

    def clip(grads):
        return utils.clip_grad_norm(grads, max_norm, p)

    clipped, norm = (jax.jit(clip) if jitted else clip)(jax.tree.map(jnp.asarray, GRADS))
    np.testing.assert_allclose(norm, expected.numpy(), rtol=3e-7)
    for name, parameter in zip(GRADS, parameters, strict=True):
        np.testing.assert_allclose(clipped[name], parameter.grad.numpy(), rtol=5e-7)
    assert np.allclose(utils.get_total_norm(list(GRADS.values()), p), norm, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_clip_half_types(dtype):
    parameters = torch_parameters(GRADS, getattr(torch, dtype))
    expected = torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    clipped, norm = utils.clip_grad_norm({n: jnp.asarray(g, dtype) for n, g in GRADS.items()}, 1.0)
    assert norm.dtype == dtype and float(norm) == float(expected)
    for name, parameter in zip(GRADS, parameters, strict=True):
        assert clipped[name].dtype == dtype
        np.testing.assert_array_equal(np.asarray(clipped[name], np.float32), parameter.grad.float().numpy())


def test_clip_mixed_dtypes():
    grads = [GRADS["w"], GRADS["b"]]
    parameters = torch_parameters(dict(enumerate(grads)))
    parameters[1].data = parameters[1].data.half()
    parameters[1].grad = torch.tensor(grads[1]).half()
    expected = torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    clipped, norm = utils.clip_grad_norm([jnp.asarray(grads[0]), jnp.asarray(grads[1], jnp.float16)], 1.0)
    assert norm.dtype == jnp.float32
    np.testing.assert_allclose(norm, expected.numpy(), rtol=1e-6)
    np.testing.assert_array_equal(np.asarray(clipped[1]), parameters[1].grad.numpy())


def test_clip_grad_value():
    parameters = torch_parameters(GRADS)
    torch.nn.utils.clip_grad_value_(parameters, 0.7)
    clipped = jax.jit(lambda g: utils.clip_grad_value(g, 0.7))(GRADS)
    for name, parameter in zip(GRADS, parameters, strict=True):
        np.testing.assert_array_equal(clipped[name], parameter.grad.numpy())


def test_clip_bad_calls_and_no_gradients():
    assert float(utils.get_total_norm([])) == 0 and utils.clip_grad_norm([None], 1.0)[0] == [None]
    broken = [jnp.array([1.0, jnp.nan])]
    with pytest.raises(RuntimeError, match="non-finite"):
        utils.clip_grad_norm(broken, 1.0, error_if_nonfinite=True)
    with pytest.raises(ValueError, match="inside a jit"):
        jax.jit(lambda g: utils.clip_grad_norm(g, 1.0, error_if_nonfinite=True))(broken)
    assert np.isnan(utils.clip_grad_norm(broken, 1.0)[0][0]).all()
    with pytest.raises(TypeError, match="floating-point"):
        utils.get_total_norm([jnp.ones(2, jnp.int32)])


ITERABLES = {
    "list": list,
    "tuple": tuple,
    "generator": lambda arrays: (a for a in arrays),
    "map": lambda arrays: map(jnp.asarray, arrays),
    "dict view": lambda arrays: dict(enumerate(arrays)).values(),
    "one array": lambda arrays: arrays[0],
    "numpy": lambda arrays: [np.asarray(a) for a in arrays],
}


@pytest.mark.parametrize("kind", ITERABLES)
def test_clip_takes_any_iterable_as_torch_does(kind):
    def clipped(lib, clip, *args):
        arrays = [jnp.asarray(g) for g in GRADS.values()]
        if lib is utils:
            out = getattr(lib, clip)(ITERABLES[kind](arrays), *args)
            out, norm = out if isinstance(out, tuple) and clip == "clip_grad_norm" else (out, None)
            assert type(out) is {"tuple": tuple, "one array": type(arrays[0])}.get(kind, list)
        else:
            tensors = [torch.tensor(np.asarray(a)) for a in arrays][: 1 if kind == "one array" else None]
            parameters = [torch.nn.Parameter(torch.zeros_like(t)) for t in tensors]
            for p, t in zip(parameters, tensors, strict=True):
                p.grad = t
            given = parameters[0] if kind == "one array" else iter(parameters)
            if clip == "clip_grads_with_norm":  # it runs through its argument twice
                given = parameters
            norm = getattr(lib, f"{clip}_")(given, *args)
            out = [p.grad.numpy() for p in parameters]
        return [np.asarray(a) for a in ([out] if kind == "one array" and lib is utils else out)], norm

    for clip, args in (("clip_grad_norm", (0.5,)), ("clip_grad_value", (0.3,)), ("clip_grads_with_norm", (0.5, 2.0))):
        theirs = (*args[:-1], torch.tensor(args[-1])) if clip == "clip_grads_with_norm" else args
        (ours, norm), (expected, other) = clipped(utils, clip, *args), clipped(torch.nn.utils, clip, *theirs)
        for a, b in zip(ours, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=5e-7)
        if norm is not None:
            np.testing.assert_allclose(norm, other.numpy(), rtol=5e-7)


def test_total_norm_of_a_generator():
    net = nn.Linear(3, 2)
    expected = torch.nn.utils.get_total_norm([torch.tensor(np.asarray(p)) for p in net.parameters()])
    np.testing.assert_allclose(utils.get_total_norm(net.parameters()), expected.numpy(), rtol=1e-6)


def test_parameters_are_no_gradients():
    """Torch clips the .grad of parameters. Here the parameters themselves would be clipped."""
    net = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    givens = (net.parameters, lambda: list(net.parameters()), lambda: net.params, lambda: net[0].weight)
    for given in givens:
        for clip in (utils.clip_grad_norm, utils.clip_grad_value, lambda g, m: utils.clip_grads_with_norm(g, m, 1.0)):
            with pytest.raises(TypeError, match="got parameters of a module, which have no gradients in them: give"):
                clip(given(), 1.0)
    grads = nn.grad(lambda net, x: net(x).sum())(net, jnp.ones((2, 3)))
    assert float(utils.clip_grad_norm(grads, 1.0)[1]) >= 0


def test_clip_in_an_optimizer():
    x, y = RNG.standard_normal((2, 4, 3)).astype(np.float32)
    net, other = nn.Linear(3, 3), torch.nn.Linear(3, 3)
    net.load_state_dict(other.state_dict())
    clip = optax.stateless(lambda grads, _: utils.clip_grad_norm(grads, 0.1)[0])
    nn.Optimizer(net, optax.chain(clip, optax.sgd(0.5))).step(
        lambda net, x, y: jnp.mean((net(x) - y) ** 2), jnp.asarray(x), jnp.asarray(y)
    )
    sgd = torch.optim.SGD(other.parameters(), 0.5)
    ((other(torch.tensor(x)) - torch.tensor(y)) ** 2).mean().backward()
    torch.nn.utils.clip_grad_norm_(other.parameters(), 0.1)
    sgd.step()
    for name, value in other.state_dict().items():
        np.testing.assert_allclose(net.state_dict()[name], value.numpy(), atol=1e-6)


def test_vectors():
    net, other = nn.Linear(3, 2), torch.nn.Linear(3, 2)
    net.load_state_dict(other.state_dict())
    vector = utils.parameters_to_vector(net.parameters())
    np.testing.assert_array_equal(vector, torch.nn.utils.parameters_to_vector(other.parameters()).detach().numpy())
    back = utils.vector_to_parameters(2 * vector, net.params)
    assert jax.tree.structure(back) == jax.tree.structure(net.params)
    weight, bias = utils.vector_to_parameters(2 * vector, list(net.parameters()))
    np.testing.assert_array_equal(weight, 2 * net.weight)
    np.testing.assert_array_equal(bias, 2 * net.bias)
    tree = {"a": jnp.ones((2, 3)), "b": [jnp.zeros(()), jnp.ones((1, 1))]}
    round_trip = jax.jit(lambda t: utils.vector_to_parameters(utils.parameters_to_vector(t), t))(tree)
    assert jax.tree.all(jax.tree.map(lambda a, b: bool((a == b).all()), tree, round_trip))
    with pytest.raises(ValueError, match=r"have shape \(8,\)"):
        utils.vector_to_parameters(jnp.zeros(7), net.params)
    with pytest.raises(TypeError, match="an array, got list"):
        utils.vector_to_parameters([1.0], net.params)
    with pytest.raises(ValueError, match="got none"):
        utils.parameters_to_vector([])


def trained_norm(torch_class, features, **options):
    bn = torch_class(features, **options)
    with torch.no_grad():
        for array in (*bn.parameters(), *(b for b in bn.buffers() if b.dtype == torch.float32)):
            array.copy_(torch.rand(array.shape) + 0.5)
    return bn.eval()


def triple(module):
    return module._layer, module.params, module.state


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_fuse_conv_bn(n, bias, affine):
    torch.manual_seed(n)
    name, norm = f"Conv{n}d", f"BatchNorm{n}d"
    t_conv = getattr(torch.nn, name)(2, 3, 2, bias=bias).eval()
    t_bn = trained_norm(getattr(torch.nn, norm), 3, affine=affine)
    conv, bn = getattr(nn, name)(2, 3, 2, bias=bias).eval(), getattr(nn, norm)(3, affine=affine).eval()
    conv.load_state_dict(t_conv.state_dict())
    bn.load_state_dict(t_bn.state_dict())
    expected, fused = torch_fusion.fuse_conv_bn_eval(t_conv, t_bn), utils.fuse_conv_bn_eval(conv, bn)
    assert repr(fused) == repr(expected) and type(fused) is type(conv) and fused is not conv
    for key, value in expected.state_dict().items():
        np.testing.assert_allclose(fused.state_dict()[key], value.numpy(), atol=1e-6)
    x = jnp.asarray(RNG.standard_normal((2, 2, *(4,) * n)), jnp.float32)
    np.testing.assert_allclose(fused(x), bn(conv(x)), atol=1e-5)
    layer, params, state = utils.fuse_conv_bn_eval(triple(conv), triple(bn))
    np.testing.assert_allclose(layer.apply(params, state, x)[0], bn(conv(x)), atol=1e-5)
    assert layer.bias is True and (conv.bias is None) == (not bias)


def test_fuse_weights_transposed_and_half():
    w, b = RNG.standard_normal((2, 3, 2)).astype(np.float32), RNG.standard_normal(3).astype(np.float32)
    stats = [np.abs(RNG.standard_normal(3)).astype(np.float32) for _ in range(4)]
    for dtype, tolerance in ((torch.float32, 1e-6), (torch.float16, 0)):
        t_w, t_b = torch.tensor(w).to(dtype), torch.tensor(b).to(dtype)
        expected = torch_fusion.fuse_conv_bn_weights(
            t_w, t_b, *map(torch.tensor, stats[:2]), 1e-5, *map(torch.tensor, stats[2:]), transpose=True
        )
        got = utils.fuse_conv_bn_weights(
            jnp.asarray(t_w.numpy()), jnp.asarray(t_b.numpy()), *stats[:2], 1e-5, *stats[2:], transpose=True
        )
        for a, e in zip(got, expected, strict=True):
            assert a.dtype == e.detach().numpy().dtype
            np.testing.assert_allclose(a, e.detach().numpy(), rtol=tolerance or 1e-3, atol=tolerance)


@pytest.mark.parametrize("features", [3, 1])
@pytest.mark.parametrize("bias", [True, False])
def test_fuse_linear_bn(features, bias):
    torch.manual_seed(0)
    t_linear, t_bn = torch.nn.Linear(2, 3, bias=bias).eval(), trained_norm(torch.nn.BatchNorm1d, features)
    linear, bn = nn.Linear(2, 3, bias=bias).eval(), nn.BatchNorm1d(features).eval()
    linear.load_state_dict(t_linear.state_dict())
    bn.load_state_dict(t_bn.state_dict())
    expected, fused = torch_fusion.fuse_linear_bn_eval(t_linear, t_bn), utils.fuse_linear_bn_eval(linear, bn)
    for key, value in expected.state_dict().items():
        np.testing.assert_allclose(
            fused.state_dict()[key], np.broadcast_to(value.numpy(), fused.state_dict()[key].shape), atol=1e-6
        )
    x = jnp.asarray(RNG.standard_normal((4, 2)), jnp.float32)
    layer, params, state = utils.fuse_linear_bn_eval(triple(linear), triple(bn))
    np.testing.assert_allclose(layer.apply(params, state, x)[0], fused(x), atol=1e-6)
    if features == 3:
        np.testing.assert_allclose(fused(x), bn(linear(x)), atol=1e-5)


def test_fuse_bad_calls():
    with pytest.raises(ValueError, match="evaluation only"):
        utils.fuse_conv_bn_eval(nn.Conv1d(2, 3, 1), nn.BatchNorm1d(3).eval())
    with pytest.raises(ValueError, match="running statistics"):
        bn = nn.BatchNorm1d(3, track_running_stats=False)
        utils.fuse_conv_bn_eval(nn.Conv1d(2, 3, 1).eval(), bn.eval())
    with pytest.raises(ValueError, match="3 features or of 1, got 2"):
        utils.fuse_linear_bn_eval(nn.Linear(2, 3).eval(), nn.BatchNorm1d(2).eval())
    with pytest.raises(TypeError, match="both must be"):
        utils.fuse_linear_bn_eval(nn.Linear(2, 3).eval(), triple(nn.BatchNorm1d(3)))


def test_skip_init():
    class Net(nn.Module):
        def __init__(self, size):
            super().__init__()
            self.first = nn.Conv1d(size, 4, 3)
            self.norm = nn.BatchNorm1d(4)
            self.scale = nn.Parameter(jnp.ones(4))

        def forward(self, x):
            return self.norm(self.first(x))

    before = nn.Linear(1, 1)  # the generator goes on as if nothing had been drawn
    net = utils.skip_init(Net, 2)
    assert {n: a.shape for n, a in net.state_dict().items()} == {n: a.shape for n, a in Net(2).state_dict().items()}
    assert all(
        isinstance(a, jax.Array) and not isinstance(a, jax.core.Tracer) and not a.any()
        for a in net.state_dict().values()
    )
    assert net(jnp.ones((2, 2, 5))).shape == (2, 4, 3) and before is not None
    layer, params, state = utils.skip_init(layers.BatchNorm1d, 4, dtype=jnp.float16)
    assert params["weight"] == jax.ShapeDtypeStruct((4,), jnp.float16)
    assert state["num_batches_tracked"].shape == () and layer == layers.BatchNorm1d(4, dtype=jnp.float16)
    with pytest.raises(TypeError, match="a class of modules or layers"):
        utils.skip_init(dict)


def test_clip_with_a_known_norm():
    parameters = torch_parameters(GRADS)
    torch.nn.utils.clip_grads_with_norm_(parameters, 0.5, torch.tensor(2.5))
    clipped = utils.clip_grads_with_norm(GRADS, 0.5, jnp.asarray(2.5))
    for name, parameter in zip(GRADS, parameters, strict=True):
        np.testing.assert_allclose(clipped[name], parameter.grad.numpy(), rtol=3e-7)


@pytest.mark.parametrize("biased", [True, False])
def test_fused_linear_weights(biased):
    draw = np.random.default_rng(3).standard_normal
    weight, arrays = np.float32(draw((4, 3))), [np.float32(draw(4)) for _ in range(3)]
    mean, scale, shift = arrays
    bias, var = np.float32(draw(4)) if biased else None, np.float32(draw(4) ** 2)
    ours = utils.fuse_linear_bn_weights(weight, bias, mean, var, 1e-5, scale, shift)
    given = [None if a is None else torch.tensor(a) for a in (weight, bias, mean, var)]
    theirs = torch_fusion.fuse_linear_bn_weights(*given, 1e-5, torch.tensor(scale), torch.tensor(shift))
    for o, t in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(o, t.detach().numpy(), rtol=1e-6)
