"""Gradients, rematerialization and loops over modules; state and random numbers inside jax's transformations."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch

import purenn
from purenn import functional as F
from purenn import layers, nn

X = jnp.asarray(np.random.default_rng(0).standard_normal((4, 3)), jnp.float32)


class Net(nn.Module):
    """Applies the given function to itself and its input."""

    def __init__(self, how, p=0.5):
        super().__init__()
        self.fc, self.norm, self.drop = nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Dropout(p)
        self.spectral = purenn.utils.spectral_norm(nn.Linear(3, 3))
        self.how = how

    def forward(self, x):
        return self.how(self, x)


def run(net, way):
    if way == "eager":
        return net(X)
    if way == "compiled":
        return net.compile()(X)
    if way == "pure":
        return nn.functional_call(net, net.params, net.state, X, training=True, rng=jax.random.key(0))[0]
    return nn.Optimizer(net, optax.sgd(0.1)).step(lambda net, x: net(x).mean(), X)


INSIDE = {
    "jax.checkpoint": lambda part, x: jax.checkpoint(part)(x),
    "jax.jit": lambda part, x: jax.jit(part)(x),
    "jax.vmap": lambda part, x: jax.vmap(part)(x[None])[0],
    "jax.lax.cond": lambda part, x: jax.lax.cond(x.sum() > -9, part, lambda x: x, x),
    "jax.lax.scan": lambda part, x: jax.lax.scan(lambda c, _: (part(c), None), x, None, length=2)[0],
    "jax.lax.fori_loop": lambda part, x: jax.lax.fori_loop(0, 2, lambda i, c: part(c), x),
}


@pytest.mark.parametrize("way", ["eager", "compiled", "pure", "step"])
@pytest.mark.parametrize("where", INSIDE)
def test_changes_of_state_are_refused_by_name(where, way):
    for part, message in (
        ("norm", rf"BatchNorm1d.*(inside {where}|inside a jax transformation).*"),
        ("spectral", r"Linear.*(inside .*|transformation)"),
        ("drop", rf"random numbers are drawn inside {where}"),
    ):
        if (part, where, way) == ("spectral", "jax.vmap", "eager"):
            continue  # its vectors depend on no row: they change once, as they should
        net = Net(lambda m, x, part=part: INSIDE[where](getattr(m, part), x))
        before = net.state_dict()
        with pytest.raises((RuntimeError, ValueError), match=message):
            run(net, way)
        assert all(net.state_dict()[name] is array for name, array in before.items())


@pytest.mark.parametrize("way", ["eager", "compiled", "pure", "step"])
@pytest.mark.parametrize("where", INSIDE)
def test_evaluation_runs_inside_of_everything(where, way):
    net = Net(lambda m, x: INSIDE[where](m.norm, x)).eval()
    expected = X
    for _ in range(2 if where in ("jax.lax.scan", "jax.lax.fori_loop") else 1):
        expected = net.norm(expected)
    y = nn.functional_call(net, net.params, net.state, X)[0] if way == "pure" else run(net, way)
    expected = expected.mean() if way == "step" else expected
    np.testing.assert_allclose(y, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("way", ["eager", "compiled", "pure", "step"])
def test_a_derivative_inside_of_a_forward(way):
    """A gradient penalty: inside it, buffers change and keys are drawn as outside."""
    net = Net(lambda m, x: jax.grad(lambda x: (m.drop(m.norm(m.fc(x))) ** 2).sum())(x))
    y = run(net, way)
    assert np.isfinite(np.asarray(y)).all()
    if way != "pure":
        assert int(net.norm.num_batches_tracked) == 1
        assert not isinstance(net.norm.running_mean, jax.core.Tracer)


class TestRemat:
    @pytest.mark.parametrize("way", ["eager", "compiled", "step"])
    def test_state_and_keys_go_through(self, way):
        body = lambda m, x: m.drop(m.norm(m.spectral(m.fc(x))))  # noqa: E731
        plain, saved = Net(body), Net(lambda m, x: nn.remat(lambda x: body(m, x))(x))
        saved.load_state_dict(plain.state_dict())
        results = []
        for net in (plain, saved):
            purenn.manual_seed(5)
            results.append(np.asarray(run(net, way)))
            results.append(np.asarray(run(net, way)))
        np.testing.assert_allclose(results[0], results[2], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(results[1], results[3], rtol=1e-5, atol=1e-6)
        for name, array in plain.state_dict().items():
            np.testing.assert_allclose(saved.state_dict()[name], array, rtol=1e-5, atol=1e-6, err_msg=name)

    def test_it_does_rematerialize(self):
        net = Net(lambda m, x: nn.remat(lambda x: jnp.sin(m.fc(jnp.sin(x))))(x))
        text = str(jax.make_jaxpr(jax.grad(lambda p: nn.functional_call(net, p, net.state, X)[0].sum()))(net.params))
        assert "checkpoint" in text or "remat" in text

    def test_a_module_and_a_policy(self):
        net = Net(lambda m, x: nn.remat(m.norm, policy=jax.checkpoint_policies.dots_saveable)(x)).compile()
        net(X)
        assert int(net.norm.num_batches_tracked) == 1

    def test_layers(self):
        class Block(layers.Composite):
            def children(self):
                return {"norm": layers.BatchNorm1d(3), "drop": layers.Dropout(0.5)}

            def forward(self, m, x):
                return nn.remat(lambda x: m.drop(m.norm(x)))(x)

        params, state = Block().init(jax.random.key(0))
        y, new = jax.jit(lambda p, s: Block().apply(p, s, X, training=True, rng=jax.random.key(1)))(params, state)
        expected, _ = layers.BatchNorm1d(3).apply(params["norm"], state["norm"], X, training=True)
        assert int(new["norm"]["num_batches_tracked"]) == 1
        np.testing.assert_allclose(np.where(y == 0, 0, expected * 2), y, rtol=1e-4, atol=1e-5)


class TestScan:
    def test_it_is_the_loop(self):
        """Buffers change with every step, in the compiled loop as in a Python loop."""
        body = lambda m, c, x: (m.norm(m.fc(c + x)), c.sum())  # noqa: E731
        xs = jnp.stack([X, 2 * X, 3 * X])

        def loop(m, x):
            carry, sums = x, []
            for step in xs:
                carry, out = body(m, carry, step)
                sums.append(out)
            return carry, jnp.stack(sums)

        scanned = Net(lambda m, x: nn.scan(lambda c, s: body(m, c, s), x, xs))
        looped = Net(loop)
        scanned.load_state_dict(looped.state_dict())
        state = scanned.state
        for compile in (False, True):
            scanned.state = looped.state = state
            if compile:
                scanned.compile()
            for got, expected in zip(scanned(X), looped(X), strict=True):
                np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)
            assert int(scanned.norm.num_batches_tracked) == 3
            for name, array in looped.state_dict().items():
                np.testing.assert_allclose(scanned.state_dict()[name], array, rtol=1e-4, atol=1e-5, err_msg=name)

    def test_each_step_has_keys_of_its_own(self):
        net = Net(lambda m, x: nn.scan(lambda c, _: (c, m.drop(jnp.ones(64))), jnp.zeros(()), None, length=5)[1])
        for masks in (net(X), net.compile()(X), run(net, "pure"), net(X)):
            assert len({tuple(row.tolist()) for row in masks}) == 5

    @pytest.mark.parametrize("reverse", [False, True])
    def test_options_are_lax_scans(self, reverse):
        xs = {"a": jnp.arange(4.0), "b": jnp.arange(4.0) * 2}
        step = lambda c, x: (c + x["a"], {"y": c * x["b"]})  # noqa: E731
        expected = jax.lax.scan(step, 0.0, xs, reverse=reverse)
        net = Net(lambda m, x: nn.scan(step, jnp.zeros(()), xs, reverse=reverse, unroll=2))
        for got in (nn.scan(step, jnp.zeros(()), xs, reverse=reverse), net.compile()(X)):
            for a, b in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
                np.testing.assert_allclose(a, b)

    def test_gradients_go_through(self):
        cell = nn.GRUCell(3, 3)

        class Recurrent(nn.Module):
            def __init__(self):
                super().__init__()
                self.cell = cell

            def forward(self, xs):
                return nn.scan(lambda h, x: (self.cell(x, h),) * 2, jnp.zeros((4, 3)), xs)[1]

        xs, net = jnp.stack([X, X, X]), Recurrent()
        theirs = torch.nn.GRUCell(3, 3)
        net.cell.load_state_dict(theirs.state_dict())
        h, outputs = torch.zeros(4, 3), []
        for x in torch.from_numpy(np.array(xs)):
            h = theirs(x, h)
            outputs.append(h)
        (torch.stack(outputs) ** 2).sum().backward()
        _, grads = nn.value_and_grad(lambda net, xs: (net(xs) ** 2).sum())(net, xs)
        for name, parameter in theirs.named_parameters():
            np.testing.assert_allclose(grads["cell"][name], parameter.grad.numpy(), rtol=1e-3, atol=1e-4)


class TestGradients:
    def test_of_modules_and_arrays(self):
        net, other, x = nn.Linear(3, 1), nn.Linear(1, 1), X
        theirs, their_other = torch.nn.Linear(3, 1), torch.nn.Linear(1, 1)
        net.load_state_dict(theirs.state_dict())
        other.load_state_dict(their_other.state_dict())
        tx = torch.from_numpy(np.array(x)).requires_grad_()
        loss = (their_other(theirs(tx)) ** 2).mean()
        loss.backward()
        fn = lambda net, other, x: (other(net(x)) ** 2).mean()  # noqa: E731
        value, (first, second, third) = nn.value_and_grad(fn, argnums=(0, 1, 2))(net, other, x)
        np.testing.assert_allclose(value, loss.item(), rtol=1e-5)
        for grads, module in ((first, theirs), (second, their_other)):
            for name, parameter in module.named_parameters():
                np.testing.assert_allclose(grads[name], parameter.grad.numpy(), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(third, tx.grad.numpy(), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(nn.grad(fn, argnums=-1)(net, other, x), third, rtol=1e-5)
        grads, aux = nn.grad(lambda net, x: (net(x).sum(), {"z": 1, "a": x}), has_aux=True)(net, x)
        assert list(aux) == ["z", "a"] and aux["z"] == 1 and grads["bias"].tolist() == [4.0]

    def test_a_loop_of_ones_own(self, compiled):
        net, tx = Net(lambda m, x: m.drop(m.norm(m.fc(x))), p=0.0), optax.adam(0.05)
        state = tx.init(net.params)
        gradient = nn.value_and_grad(lambda net, x: ((net(x) - 1) ** 2).mean())
        losses = []
        for _ in range(30):
            loss, grads = gradient(net, X)
            with jax.numpy_dtype_promotion("standard"):
                updates, state = tx.update(grads, state, net.params)
                net.params = optax.apply_updates(net.params, updates)
            losses.append(float(loss))
            if len(losses) == 2:
                compiled()
        assert losses[-1] < 0.3 * losses[0] and compiled() == 0
        assert int(net.norm.num_batches_tracked) == 30

    def test_frozen_parameters_have_zeros(self):
        net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 1))
        net[0].requires_grad_(False)
        grads = nn.grad(lambda net: net(X).sum())(net)
        assert jax.tree.structure(grads) == jax.tree.structure(net.params)
        assert not grads["0"]["weight"].any() and grads["1"]["weight"].any()

    def test_inside_of_a_forward(self):
        """MAML's inner step: a gradient with respect to a twin, inside the outer step."""
        net = nn.Linear(3, 1)

        def loss_fn(net, x):
            inner = nn.grad(lambda m: (m(x) ** 2).mean())(net)
            fast = jax.tree.map(lambda p, g: p - 0.1 * g, net.params, inner)
            return (nn.functional_call(net, fast, {}, x)[0] ** 2).mean()

        def by_hand(p):
            loss = lambda p: (nn.functional_call(net, p, {}, X)[0] ** 2).mean()  # noqa: E731
            return loss(jax.tree.map(lambda p, g: p - 0.1 * g, p, jax.grad(loss)(p)))

        expected = jax.grad(by_hand)(net.params)
        before = net.params
        nn.Optimizer(net, optax.sgd(1.0)).step(loss_fn, X)
        np.testing.assert_allclose(before["weight"] - net.weight, expected["weight"], rtol=1e-4, atol=1e-6)

    def test_refusals(self):
        net = nn.Linear(3, 1)
        with pytest.raises(TypeError, match="must give a scalar for a gradient, got float32"):
            nn.grad(lambda net: net(X))(net)
        with pytest.raises(
            TypeError, match="argument 1 must be a module, a tree of modules or a tree of floating-point arrays"
        ):
            nn.grad(lambda net, n: net(X).sum() * n, argnums=1)(net, 3)
        with pytest.raises(TypeError, match="there is no positional argument 2"):
            nn.grad(lambda net: net(X).sum(), argnums=2)(net)


def test_dropout_of_nothing_draws_nothing():
    attention, generator = nn.MultiheadAttention(4, 2, dropout=0.0), purenn.random.default_generator()
    before = generator.count
    for module in (nn.Dropout(0.0), nn.Dropout2d(0.0), nn.AlphaDropout(0.0), nn.Dropout(1.0)):
        module(jnp.ones((2, 3, 4, 4)))
    nn.Sequential(nn.Dropout(0.0)).compile()(X)
    attention(*[jnp.ones((2, 3, 4))] * 3)
    assert generator.count == before
    y, _ = layers.Dropout(0.0).apply({}, {}, X, training=True)  # no key is needed
    assert (y == X).all()


def test_an_attribute_of_another_module_costs_nothing():
    net, other = nn.Sequential(*[nn.Linear(2, 2) for _ in range(3)]).compile(), nn.Linear(2, 2)
    x = jnp.ones((1, 2))
    net(x)
    fast = net._fast_path
    assert fast is not None
    other.note, other.weight = 1, jnp.zeros((2, 2))
    other.eval()
    assert net._fast_path is fast
    net[1].eval()
    assert net._structure is None or not net._structure.valid


def attend(x, p=0.5):
    return F.scaled_dot_product_attention(x, x, x, dropout_p=p)


RANDOM = {
    "dropout": lambda x, on: F.dropout(x, 0.5, on),
    "dropout1d": lambda x, on: F.dropout1d(x, 0.5, on),
    "dropout2d": lambda x, on: F.dropout2d(x[:, :, None], 0.5, on),
    "dropout3d": lambda x, on: F.dropout3d(x[:, :, None, None], 0.5, on),
    "alpha_dropout": lambda x, on: F.alpha_dropout(x, 0.5, on),
    "feature_alpha_dropout": lambda x, on: F.feature_alpha_dropout(x, 0.5, on),
    "rrelu": lambda x, on: F.rrelu(-x, training=on),
    "gumbel_softmax": lambda x, on: F.gumbel_softmax(x),
    "attention": lambda x, on: attend(x, 0.5 if on else 0.0),
    "fractional_max_pool2d": lambda x, on: F.fractional_max_pool2d(x[None], 2, output_size=6),
}


@pytest.mark.parametrize("name", RANDOM)
def test_functions_draw_from_the_call_around_them(name):
    """`F.dropout(x, p, self.training)`, as in torch, on every face."""
    function, x = RANDOM[name], jnp.asarray(np.random.default_rng(1).standard_normal((3, 8, 8)), jnp.float32)

    class Draws(nn.Module):
        def forward(self, x):
            return function(x, self.training)

    class Layer(layers.Layer):
        def forward(self, m, x):
            return function(x, m.training)

    with pytest.raises(ValueError, match=r"must be a jax key.*got None \(give rng=jax.random.key\(0\)"):
        function(x, True)
    net = Draws()
    purenn.manual_seed(1)
    eager = net(x), net(x)
    assert (eager[0] != eager[1]).any()
    purenn.manual_seed(1)
    np.testing.assert_array_equal(net(x), eager[0])
    made = Draws().compile()
    assert (made(x) != made(x)).any()
    pure = [nn.functional_call(net, {}, {}, x, training=True, rng=jax.random.key(i))[0] for i in (0, 0, 1)]
    np.testing.assert_array_equal(pure[0], pure[1])
    assert (pure[0] != pure[2]).any()
    layer, _ = Layer().apply({}, {}, x, training=True, rng=jax.random.key(0))
    np.testing.assert_array_equal(layer, pure[0])
    with pytest.raises(ValueError, match="must be a jax key"):
        Layer().apply({}, {}, x, training=True)
    with purenn.random.drawing_from(purenn.random.Stream(0)), pytest.raises(ValueError, match="must be a jax key"):
        Layer().apply({}, {}, x, training=True)  # it has no keys, and those of a call around it don't serve


def test_gradients_in_trees_of_modules():
    pair, x = {"a": nn.Linear(2, 1, bias=False), "b": [nn.Linear(2, 1)]}, jnp.ones((3, 2))
    gradients = nn.grad(lambda pair, x: (pair["a"](x) * 2 + pair["b"][0](x)).sum())(pair, x)
    assert gradients["a"]["weight"].tolist() == [[6.0, 6.0]]
    assert gradients["b"][0]["weight"].tolist() == [[3.0, 3.0]] and gradients["b"][0]["bias"].tolist() == [3.0]
    with pytest.raises(TypeError, match="got both modules and arrays"):
        nn.grad(lambda pair: 0.0)([pair["a"], x])
