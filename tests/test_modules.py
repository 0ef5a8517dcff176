"""Modules as torch's users know them, and the pure functions around them."""

import copy
import pickle
import threading

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch

import purenn
from purenn import functional as F
from purenn import layers, nn, random
from purenn.tree import flatten


class Residual(layers.Composite):
    channels: int

    def children(self):
        return {
            "conv": layers.Conv2d(self.channels, self.channels, 3, padding=1),
            "norm": layers.BatchNorm2d(self.channels),
        }

    def forward(self, m, x):
        return x + F.relu(m.norm(m.conv(x)))


ResidualModule = nn.stateful(Residual)


class Net(nn.Module):
    def __init__(self, tied=False):
        super().__init__()
        self.scale = nn.Parameter(jnp.ones(3))
        self.first = nn.Linear(3, 3)
        self.norm = nn.BatchNorm1d(3)
        self.drop = nn.Dropout(0.5)
        self.last = nn.Linear(3, 3)
        self.register_buffer("calls", jnp.zeros((), jnp.int32))
        self.register_buffer("scratch", jnp.zeros(2), persistent=False)
        if tied:
            self.last.weight = self.first.weight

    def forward(self, x, *, double=False):
        self.calls = self.calls + 1
        x = self.last(self.drop(F.relu(self.norm(self.first(x)))))
        return x * jnp.broadcast_to(self.scale, x.shape) * (2.0 if double else 1.0)


class TorchNet(torch.nn.Module):
    def __init__(self, tied=False):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(3))
        self.first = torch.nn.Linear(3, 3)
        self.norm = torch.nn.BatchNorm1d(3)
        self.drop = torch.nn.Dropout(0.5)
        self.last = torch.nn.Linear(3, 3)
        self.register_buffer("calls", torch.zeros((), dtype=torch.int32))
        self.register_buffer("scratch", torch.zeros(2), persistent=False)
        if tied:
            self.last.weight = self.first.weight


X = jnp.asarray(np.random.default_rng(0).standard_normal((5, 3)), jnp.float32)


def mse(net, x, y):
    return F.mse_loss(net(x), y)


def snapshot(net):
    return jax.tree.map(np.asarray, (net.params, net.state)), random.default_generator().count


def same(a, b):
    assert jax.tree.structure(a) == jax.tree.structure(b)
    return all(np.array_equal(x, y) for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True))


class TestTree:
    @pytest.mark.parametrize("tied", [False, True])
    def test_names_and_orders_are_torchs(self, tied):
        ours, theirs = Net(tied), TorchNet(tied)
        for method in ("named_parameters", "named_buffers", "named_modules", "named_children"):
            assert [n for n, _ in getattr(ours, method)()] == [n for n, _ in getattr(theirs, method)()], method
            plain = method.removeprefix("named_")
            assert len(list(getattr(ours, plain)())) == len(list(getattr(theirs, plain)()))
        assert list(ours.state_dict()) == list(theirs.state_dict())
        assert repr(ours).replace("Net(", "", 1) == repr(theirs).replace("TorchNet(", "", 1)
        names = lambda net: [n for n, _ in net.named_parameters(remove_duplicate=False)]  # noqa: E731
        assert names(ours) == names(theirs)
        assert [n for n, _ in ours.named_parameters("net", recurse=False)] == ["net.scale"]

    def test_get(self):
        net = Net()
        assert net.get_submodule("first") is net.first and net.get_submodule("") is net
        assert net.get_parameter("first.weight") is net.first.weight
        assert net.get_buffer("norm.running_mean") is net.norm.running_mean
        for method, target in (("get_submodule", "second"), ("get_parameter", "first.x"), ("get_buffer", "calls.x")):
            with pytest.raises(AttributeError):
                getattr(net, method)(target)

    def test_attributes(self):
        net = Net()
        assert net.first.in_features == 3 and net.drop.p == 0.5
        net.drop.p = 0.25
        assert repr(net.drop) == "Dropout(p=0.25, inplace=False)"
        with pytest.raises(AttributeError, match="no attribute 'wieght'"):
            _ = net.first.wieght
        assert {"first", "scale", "calls", "forward"} <= set(dir(net)) and "in_features" in dir(net.first)
        net.note = "kept"
        assert net.note == "kept"
        del net.first
        assert "first" not in dict(net.named_children())
        net.first = nn.Identity()
        assert net(X).shape == X.shape

    def test_registration_refusals(self):
        net = Net()
        for name in ("", "a.b", "forward"):
            with pytest.raises(KeyError):
                net.register_parameter(name, nn.Parameter(jnp.ones(1)))
        with pytest.raises(TypeError, match="child 'x' must be a Module"):
            net.add_module("x", jnp.ones(1))
        with pytest.raises(TypeError, match="must be an array, got str"):
            net.register_buffer("x", "text")
        with pytest.raises(TypeError, match="can be set to a module or None"):
            net.first = 3
        with pytest.raises(RuntimeError, match="only floating-point arrays are trained"):
            nn.Parameter(jnp.arange(3))

        class Forgetful(nn.Module):
            def __init__(self):
                self.x = nn.Linear(1, 1)

        with pytest.raises(AttributeError, match=r"before Module.__init__\(\) call"):
            Forgetful()
        with pytest.raises(NotImplementedError, match="missing the required"):
            nn.Module()(X)

    def test_apply_visits_children_first(self):
        seen = []
        Net().apply(lambda m: seen.append(type(m).__name__))
        assert seen == ["Linear", "BatchNorm1d", "Dropout", "Linear", "Net"]

    def test_modes(self):
        net = Net()
        assert net.training and net.norm.training
        net.norm.eval()
        assert not net.norm.training and net.training
        assert net.train() is net and net.norm.training
        assert not any(m.training for m in net.eval().modules())

    def test_dtypes(self):
        net = Net(tied=True)
        for method, dtype in (("half", "float16"), ("bfloat16", "bfloat16"), ("float", "float32")):
            assert getattr(net, method)() is net
            assert all(p.dtype == dtype for p in net.parameters())
            assert net.calls.dtype == jnp.int32 and net.norm.running_mean.dtype == dtype
            assert net.last.weight is net.first.weight
            assert net.eval()(X.astype(dtype)).dtype == dtype
        with pytest.raises(RuntimeError, match="jax_enable_x64"):
            net.double()
        with jax.enable_x64(True):
            assert all(p.dtype == jnp.float64 for p in net.double().parameters())
        assert net.to(jnp.float32).to(jax.devices()[0]).to("cpu") is net
        with pytest.raises(TypeError, match="takes a floating-point or complex dtype"):
            net.to(jnp.int32)


class TestStateDict:
    def test_round_trip_with_torch(self):
        ours, theirs = Net(), TorchNet()
        assert ours.load_state_dict(theirs.state_dict()) == ([], [])
        theirs.load_state_dict({n: torch.from_numpy(np.array(a)) for n, a in ours.state_dict().items()})
        np.testing.assert_array_equal(ours.first.weight, theirs.first.weight.detach().numpy())

    def test_loading_copies_and_casts(self):
        ours, theirs = Net().half(), TorchNet().bfloat16()
        ours.load_state_dict(theirs.state_dict())
        before = np.asarray(ours.first.weight)
        with torch.no_grad():
            theirs.first.weight += 1
        assert ours.first.weight.dtype == jnp.float16
        np.testing.assert_array_equal(ours.first.weight, before)

    def test_report_lists_everything_and_loads_nothing(self):
        net = Net()
        before = snapshot(net)
        given = net.state_dict()
        given["first.weight"] = jnp.ones((2, 2))
        given["extra"] = given.pop("last.bias")
        with pytest.raises(RuntimeError) as caught:
            net.load_state_dict(given)
        theirs = TorchNet()
        with pytest.raises(RuntimeError) as expected:
            theirs.load_state_dict({n: torch.from_numpy(np.array(a)) for n, a in given.items()})
        ours_lines = {line.strip() for line in str(caught.value).splitlines()[1:]}
        their_lines = {
            line.strip()
            for line in str(expected.value).replace("torch.Size([", "(").replace("])", ")").splitlines()[1:]
        }
        assert ours_lines == their_lines
        assert same(before[0], snapshot(net)[0])
        assert net.load_state_dict({"scale": jnp.zeros(3), "x": jnp.ones(1)}, strict=False).unexpected_keys == ["x"]
        assert not net.scale.any()

    def test_params_and_state_are_settable_trees(self):
        net = Net()
        net.params = jax.tree.map(lambda p: p * 2, net.params)
        net.state = jax.tree.map(jnp.ones_like, net.state)
        assert net.scale.tolist() == [2.0, 2.0, 2.0] and net.norm.running_mean.tolist() == [1.0, 1.0, 1.0]
        with pytest.raises(RuntimeError, match='Missing key.*"first.weight"'):
            net.params = {"scale": jnp.ones(3)}
        one = jnp.ones(3)
        net.params = {**net.params, "scale": one, "first": {"weight": net.first.weight, "bias": one}}
        assert "first.bias" in dict(net.named_parameters())  # one array given twice ties nothing


class TestTying:
    def test_tied_weights_are_one_parameter(self):
        net = Net(tied=True).eval()
        assert "last" not in net.params or "weight" not in net.params["last"]
        assert len(list(net.parameters())) == 6
        params = jax.tree.map(lambda p: p + 1, net.params)
        y, _ = nn.functional_call(net, params, net.state, X)
        net.params = params
        np.testing.assert_allclose(net(X), y, rtol=1e-5)
        assert net.last.weight is net.first.weight
        with pytest.raises(ValueError, match=r"last.weight is tied to first.weight"):
            nn.functional_call(net, {**params, "last": {"weight": jnp.ones((3, 3)), "bias": jnp.ones(3)}}, net.state, X)

    @pytest.mark.parametrize("copies", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
    def test_tie_survives_copies_and_training(self, copies):
        net = copies(Net(tied=True))
        assert net.last.weight is net.first.weight
        opt = nn.Optimizer(net, optax.sgd(0.1))
        opt.step(mse, X, X)
        assert net.last.weight is net.first.weight
        net.load_state_dict(copies(net).state_dict())
        assert net.last.weight is net.first.weight
        net.last.weight = jnp.array(net.last.weight)
        assert len(list(net.parameters())) == 7

    def test_gradient_sums_over_the_names(self):
        net, theirs = Net(tied=True).eval(), TorchNet(tied=True).eval()
        net.load_state_dict(theirs.state_dict())
        grads = jax.grad(lambda p: nn.functional_call(net, p, net.state, X)[0].sum())(net.params)
        x = torch.from_numpy(np.array(X))
        out = theirs.last(torch.relu(theirs.norm(theirs.first(x)))) * theirs.scale
        out.sum().backward()
        for name, parameter in theirs.named_parameters():
            np.testing.assert_allclose(flatten(grads)[name], parameter.grad.numpy(), rtol=1e-4, atol=1e-5)

    def test_a_module_under_two_names_is_one(self):
        class Twice(nn.Module):
            def __init__(self):
                super().__init__()
                self.a = nn.BatchNorm1d(3)
                self.b = self.a

            def forward(self, x):
                return self.b(self.a(x))

        net = Twice()
        assert list(net.params) == ["a"] and list(net.state_dict())[5:6] == ["b.weight"]
        _, state = nn.functional_call(net, net.params, net.state, X, training=True)
        assert int(state["a"]["num_batches_tracked"]) == 2
        net(X)
        assert int(net.b.num_batches_tracked) == 2
        opt = nn.Optimizer(net, optax.sgd(0.1))
        opt.step(mse, X, X)
        assert int(net.a.num_batches_tracked) == 4 and net.a.weight is net.b.weight


class TestHooks:
    def test_hooks_see_and_replace(self):
        net, seen = nn.Linear(3, 3), []
        first = net.register_forward_pre_hook(lambda m, args: seen.append("pre") or (args[0] * 0,))
        second = net.register_forward_hook(lambda m, args, output: seen.append("post") or output + 1)
        net.register_forward_pre_hook(lambda m, args: seen.append("before"), prepend=True)
        np.testing.assert_allclose(net(X)[0], net.bias + 1, rtol=1e-6)
        assert seen == ["before", "pre", "post"]
        first.remove()
        second.remove()
        seen.clear()
        net(X)
        assert seen == ["before"]

    def test_hooks_with_keywords_and_in_pure_calls(self):
        net = Net()
        net.register_forward_hook(lambda m, args, kwargs, y: (y, sorted(kwargs)), with_kwargs=True)
        net.register_forward_pre_hook(lambda m, args, kwargs: (args, {"double": True}), with_kwargs=True)
        assert net.eval()(X)[1] == ["double"]
        assert jax.jit(lambda p, s: nn.functional_call(net, p, s, X)[0][0])(net.params, net.state).shape == (5, 3)

    def test_children_s_hooks_run_when_compiled(self):
        net = Net().eval()
        plain = net(X)
        handle = net.last.register_forward_hook(lambda m, args, y: y * 0)
        assert not net.compile()(X).any()
        handle.remove()
        np.testing.assert_allclose(net(X), plain, rtol=1e-5, atol=1e-6)


class TestCalls:
    def test_eager_compiled_and_pure_agree(self):
        net = Net().eval()
        eager = net(X)
        pure, state = nn.functional_call(net, net.params, net.state, X)
        assert int(state["calls"]) == int(net.calls) + 1
        np.testing.assert_allclose(eager, pure, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(copy.deepcopy(net).compile()(X), pure, rtol=1e-5, atol=1e-6)
        assert (copy.deepcopy(net).compile()(X, double=True) != net(X)).any()

    def test_compiled_training_keeps_state(self):
        a, b = Net(), None
        a.drop.p = 0.0
        b = copy.deepcopy(a).compile()
        for _ in range(2):
            np.testing.assert_allclose(a(X), b(X), rtol=1e-4, atol=1e-5)
        for name, value in a.state_dict().items():
            np.testing.assert_allclose(b.state_dict()[name], value, rtol=1e-5, atol=1e-6, err_msg=name)
        assert int(b.calls) == 2

    def test_compiled_follows_every_change(self):
        net = Net().eval().compile()
        net(X)
        net.drop.p = 0.4
        net.scale = jnp.zeros(3)
        assert not net(X).any()
        net.scale = jnp.ones(3)
        net.train()
        assert (net(X) != net(X)).any()  # dropout
        net.norm.eval()
        before = net.norm.running_mean
        net(X)
        assert net.norm.running_mean is before
        net.factor = 3.0
        type(net).forward, kept = (lambda self, x: x * self.factor), type(net).forward
        try:
            fresh = Net().compile()
            fresh.factor = 3.0
            assert fresh(X)[0, 0] == 3 * X[0, 0]
            fresh.factor = 5.0
            assert fresh(X)[0, 0] == 5 * X[0, 0]
        finally:
            type(net).forward = kept

    def test_compile_once(self, compiled):
        class Counting(nn.Module):
            def forward(self, x):
                return x + 1

        net = Counting().compile()
        for _ in range(3):
            net(X)
        assert compiled() == 1
        net.eval()(X)
        assert compiled() == 1
        net.train()(X)
        assert compiled() == 0

    def test_training_and_rng_override(self):
        net = Net()
        key = jax.random.key(3)
        a, b = net(X, rng=key), net(X, rng=key)
        count = random.default_generator().count
        assert int(net.calls) == 2
        np.testing.assert_allclose(net(X, training=False), net.eval()(X), rtol=1e-6)
        assert random.default_generator().count == count and a.shape == b.shape
        drop = nn.Dropout(0.5)
        np.testing.assert_array_equal(drop(X, rng=key), drop(X, rng=key))
        np.testing.assert_array_equal(drop(X, rng=key), layers.Dropout(0.5).apply({}, {}, X, training=True, rng=key)[0])

    def test_pure_pair_is_the_module(self):
        init, apply = nn.pure(Net)
        params, state = init(jax.random.key(0))
        purenn.manual_seed(0)
        net = Net()
        assert same((params, state), (net.params, net.state))
        key = jax.random.key(1)
        one = apply(params, state, X, training=True, rng=key)
        two = nn.functional_call(net, params, state, X, training=True, rng=key)
        assert same(one, two)
        assert nn.pure(Net) == nn.pure(Net) and nn.pure(Net).apply is apply

    def test_pure_pair_under_transforms(self):
        init, apply = nn.pure(Net)
        keys = jax.random.split(jax.random.key(0), 3)
        with jax.checking_leaks():
            params, state = jax.jit(jax.vmap(init))(keys)
        assert same(jax.tree.map(lambda a: a[1], params), init(keys[1])[0])
        y, _ = jax.vmap(lambda p, s: apply(p, s, X))(params, state)
        assert y.shape == (3, 5, 3)
        shapes = jax.eval_shape(init, keys[0])
        assert jax.tree.structure(shapes) == jax.tree.structure(init(keys[0]))
        hessian = jax.hessian(lambda s: apply({**init(keys[0])[0], "scale": s}, init(keys[0])[1], X)[0].sum())(
            jnp.ones(3)
        )
        assert hessian.shape == (3, 3)

        def body(carry, _):
            y, new = apply(init(keys[0])[0], carry[1], carry[0], training=True, rng=keys[0])
            return (y, new), ()

        (y, end), _ = jax.lax.scan(body, (X, init(keys[0])[1]), None, length=4)
        assert int(end["calls"]) == 4

    def test_pure_pair_is_a_layer(self):
        net = layers.Sequential(layers.Linear(3, 3), nn.pure(Net))
        params, state = net.init(jax.random.key(0))
        _, state = net.apply(params, state, X)
        assert int(state["1"]["calls"]) == 1

        class Wrap(layers.Composite):
            def children(self):
                return {"inner": net}

            def forward(self, m, x):
                return m.inner(x)

        module = nn.stateful(Wrap)()
        assert isinstance(module.inner, nn.Sequential) and isinstance(module.inner[1], Net)
        assert same(Wrap().init(jax.random.key(0))[0], {"inner": net.init(jax.random.key(0))[0]})
        assert module.inner[1].eval()(X).shape == X.shape

    def test_functional_call_refusals(self):
        net = Net()
        wrong = {**net.params, "scale": jnp.ones(4), "wieght": jnp.ones(1)}
        del wrong["first"]
        with pytest.raises(ValueError) as caught:
            nn.functional_call(net, wrong, net.state, X)
        for part in (
            "scale must have shape (3,), got (4,)",
            "unknown wieght",
            "lacks first.weight (3, 3)",
            "first.bias",
        ):
            assert part in str(caught.value)
        with pytest.raises(ValueError, match="state lacks"):
            nn.functional_call(net, net.params, {}, X)
        with pytest.raises(TypeError, match="params must be a dict"):
            nn.functional_call(net, [], net.state, X)

    def test_pure_calls_run_in_threads(self):
        net, results = Net(), {}
        base = net.params

        def work(i):
            params = jax.tree.map(lambda p: p * (i + 1), base)
            results[i] = nn.functional_call(net, params, net.state, X)[0]

        threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        for i, y in results.items():
            expected = nn.functional_call(net, jax.tree.map(lambda p, i=i: p * (i + 1), base), net.state, X)[0]
            np.testing.assert_allclose(y, expected, rtol=1e-6)

    def test_mutation_inside_a_trace_fails_loudly(self):
        net = Net()
        before = snapshot(net)

        def assign(x):
            net.scale = x[0]
            return x

        transforms = {"jit": jax.jit, "grad": lambda f: jax.grad(lambda x: f(x).sum()), "vmap": jax.vmap}
        update = lambda x: net.norm(x)  # noqa: E731
        for function in (assign, update, lambda x: setattr(net, "y", x)):
            for name, transform in transforms.items():
                if (name, function) == ("grad", update):
                    continue  # its new statistics have no gradient: nothing traced, nothing lost
                with pytest.raises(RuntimeError, match="functional_call"):
                    transform(function)(X[None] if name == "vmap" else X)
        for function in (net, net.drop):
            with pytest.raises(RuntimeError, match="functional_call"):
                jax.jit(lambda x, f=function: f(x))(X)
        assert same(before[0], snapshot(net)[0]) and before[1] == random.default_generator().count
        assert not any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves((net.params, net.state)))

        class Sets(nn.Module):
            def forward(self, x):
                self.memory = x
                return x

        assert Sets()(X) is X
        with pytest.raises(AttributeError, match="can't be set inside a pure call"):
            nn.functional_call(Sets(), {}, {}, X)
        norm = nn.BatchNorm1d(3).eval()
        np.testing.assert_allclose(jax.jit(lambda x: norm(x))(X), norm(X), rtol=1e-6)  # evaluation is pure

    def test_a_forward_that_raises_changes_nothing(self):
        class Fails(nn.Module):
            def __init__(self):
                super().__init__()
                self.drop = nn.Dropout(0.5)
                self.norm = nn.BatchNorm1d(3)

            def forward(self, x):
                self.norm(self.drop(x))
                raise ZeroDivisionError

        net = Fails().compile()
        before = snapshot(net)
        for call in (lambda: net(X), lambda: nn.functional_call(net, net.params, net.state, X, training=True)):
            with pytest.raises((ZeroDivisionError, ValueError)):
                call()
        after = snapshot(net)
        assert same(before[0], after[0]) and before[1] == after[1]

    def test_errors_name_the_layer(self):
        net = Net()
        with pytest.raises(
            ValueError, match=r"^linear: input must.*\n  in first: Linear\(in_features=3, out_features=3"
        ):
            net(jnp.ones((5, 4)))
        with pytest.raises(TypeError, match=r"one dtype, got float16, float32, float32\n  in first: Linear\("):
            net(X.astype(jnp.float16))
        with pytest.raises(ValueError, match=r"got shape \(5, 3\)\n  in BatchNorm2d\(3"):
            nn.BatchNorm2d(3)(X)
        with pytest.raises(TypeError, match=r"Linear\("):
            nn.Linear(3, 3)(X, X)


class TestOptimizer:
    def test_step_is_the_hand_written_step(self):
        net = Net()
        net.drop.p = 0.0
        tx = optax.sgd(0.1, momentum=0.9)  # Adam would blow up the rounding of gradients that are zero
        params, state, opt_state = net.params, net.state, tx.init(net.params)
        opt = nn.Optimizer(net, tx)
        for _ in range(3):
            loss = opt.step(mse, X, X)

            def loss_fn(p, state=state):
                y, new = nn.functional_call(net, p, state, X, training=True)
                return F.mse_loss(y, X), new

            (expected, state), grads = jax.value_and_grad(loss_fn, has_aux=True)(params)
            with jax.numpy_dtype_promotion("standard"):
                updates, opt_state = tx.update(grads, opt_state, params)
                params = optax.apply_updates(params, updates)
            np.testing.assert_allclose(loss, expected, rtol=1e-5)
        for a, b in zip(jax.tree.leaves((net.params, opt.state)), jax.tree.leaves((params, opt_state)), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
        assert jax.tree.structure(opt.state) == jax.tree.structure(opt_state)
        opt.state = opt_state
        with pytest.raises(ValueError, match="structure"):
            opt.state = ()

    def test_frozen_parameters_stay(self):
        net = Net()
        net.first.requires_grad_(False)
        opt = nn.Optimizer(net, optax.adam(1e-2))
        before = net.first.weight
        opt.step(mse, X, X)
        moments = opt.state[0].mu
        assert net.first.weight is before and "first" not in moments
        kept = moments["last"]["weight"]
        net.requires_grad_(True)
        opt.step(mse, X, X)
        assert net.first.weight is not before and "first" in opt.state[0].mu
        assert int(opt.state[0].count) == 2 and (opt.state[0].mu["last"]["weight"] != kept).any()

    def test_parameter_made_frozen(self):
        net = nn.Module()
        net.w = nn.Parameter(jnp.ones(2), requires_grad=False)
        net.v = nn.Parameter(jnp.ones(2))
        nn.Optimizer(net, optax.sgd(1.0)).step(lambda net: (net.w * net.v).sum())
        assert net.w.tolist() == [1, 1] and net.v.tolist() == [0, 0]

    def test_a_lambda_in_a_loop_is_compiled_once(self, compiled):
        net = nn.Linear(3, 3)
        opt = nn.Optimizer(net, optax.sgd(0.1))
        counts = []
        for factor in (1.0, 1.0, 2.0):
            compiled()
            opt.step(lambda net, x: factor * net(x).sum(), X)  # noqa: B023
            counts.append(compiled())
        assert counts == [1, 0, 1]

    def test_a_step_that_raises_changes_nothing(self):
        net = Net()
        opt = nn.Optimizer(net, optax.adam(1e-2))
        opt.step(mse, X, X)
        before, state = snapshot(net), opt.state

        def broken(net, x, y):
            net(x)
            raise ZeroDivisionError

        for loss, error in ((broken, ZeroDivisionError), (lambda net, x, y: net(x), TypeError)):
            with pytest.raises(error):
                opt.step(loss, X, X)
        with pytest.raises(ValueError, match="Linear"):
            opt.step(mse, jnp.ones((5, 4)), X)
        with jax.debug_nans(True), pytest.raises(FloatingPointError):
            opt.step(lambda net, x, y: jnp.log(-jnp.abs(net(x)).sum() - 1), X, X)
        after = snapshot(net)
        assert same(before[0], after[0]) and before[1] == after[1] and same(state, opt.state)

    def test_auxiliary_output_and_extra_arguments(self):
        net = nn.Linear(3, 3)
        opt = nn.Optimizer(net, optax.lbfgs())
        losses = [opt.step(lambda net, x: (F.mse_loss(net(x), x), net(x)), X, has_aux=True)[0] for _ in range(8)]
        assert losses[-1] < 0.1 * losses[0]

    def test_refusals(self):
        with pytest.raises(TypeError, match="module must be a Module"):
            nn.Optimizer(layers.Linear(1, 1), optax.sgd(0.1))
        with pytest.raises(TypeError, match="transformation must be optax's"):
            nn.Optimizer(nn.Linear(1, 1), 1e-3)

    def test_donation(self):
        net = nn.Linear(3, 3)
        opt = nn.Optimizer(net, optax.adam(0.1), donate=True)
        first = opt.step(mse, X, X)
        assert opt.step(mse, X, X) < first


class TestBuffer:
    def test_assigned_it_is_registered(self):
        net = nn.Module()
        net.count, net.scratch = nn.Buffer(jnp.zeros(2)), nn.Buffer(jnp.ones(3), persistent=False)
        assert list(net.state_dict()) == ["count"] and [n for n, _ in net.named_buffers()] == ["count", "scratch"]
        assert list(net.parameters()) == [] and net.count.shape == (2,)
        with pytest.raises(TypeError, match="Buffer: data must be an array"):
            nn.Buffer("no array")


class TestGenerator:
    def test_seed_gives_the_same_on_every_face(self):
        purenn.manual_seed(5)
        module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
        layer = layers.Sequential(layers.Linear(3, 4), layers.BatchNorm1d(4), layers.Linear(4, 2))
        assert same(layer.init(jax.random.key(5)), (module.params, module.state))
        assert same(nn.pure(lambda: copy.deepcopy(module)).init(jax.random.key(0)), (module.params, module.state))

    @pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
    @pytest.mark.parametrize("size", [(3,), (70, 50), (200_000,), (0, 4)])
    def test_numpy_s_numbers_are_jaxs(self, size, dtype):
        with jax.enable_x64(dtype == "float64"):
            key = jax.random.key(11)
            for draw in (random.uniform, random.normal, lambda k, s, d: random.uniform(k, s, d, 2.0, 5.0)):
                host, traced = draw(key, size, dtype), jax.jit(lambda k, d=draw: d(k, size, dtype))(key)
                assert host.dtype == traced.dtype == dtype
                rounding = max(1e-6, float(jnp.finfo(dtype).eps))  # of the last bit, where work in float32 is rounded
                np.testing.assert_allclose(
                    np.asarray(host, np.float64), np.asarray(traced, np.float64), rtol=rounding, atol=1e-7
                )
            work = random._work_dtype(dtype)
            host = random.uniform(key, size, work, 0.0, 1.0)
            np.testing.assert_array_equal(host, jax.random.uniform(key, size, work))
            np.testing.assert_allclose(random.normal(key, size, work), jax.random.normal(key, size, work), rtol=1e-5)

    def test_stream_is_fold_in(self):
        for key in (jax.random.key(3), jax.random.key(3, impl="rbg"), jax.random.PRNGKey(3)):
            stream = random.Stream(key)
            for n in range(3):
                expected = jax.random.key_data(jax.random.fold_in(key, n))
                np.testing.assert_array_equal(jax.random.key_data(stream.next()), expected)
        for wrong, error in (
            (jnp.ones(3), TypeError),
            (jax.random.split(jax.random.key(0)), TypeError),
            (-1, ValueError),
        ):
            with pytest.raises(error):
                random.Stream(wrong)

    def test_dropout_masks_differ_and_repeat(self):
        drop = nn.Dropout(0.5)
        purenn.manual_seed(1)
        first, second = drop(X), drop(X)
        purenn.manual_seed(1)
        assert (first != second).any() and same(first, drop(X)) and same(second, drop(X))
        key = jax.random.fold_in(jax.random.key(1), 0)
        assert same(first, layers.Dropout(0.5).apply({}, {}, X, training=True, rng=key)[0])

    def test_a_constructor_that_raises_draws_nothing(self):
        before = random.default_generator().count
        with pytest.raises(TypeError):
            nn.Linear("three", 4)
        assert random.default_generator().count == before


class TestStateful:
    def test_children_are_stock_modules(self):
        net = ResidualModule(3)
        assert isinstance(net.conv, nn.Conv2d) and isinstance(net, nn.Module) and net.channels == 3
        assert nn.stateful(Residual) is ResidualModule
        assert type(pickle.loads(pickle.dumps(net))) is ResidualModule
        layer = Residual(3)
        image = jnp.ones((2, 3, 4, 4))
        y, state = layer.apply(net.params, net.state, image, training=True)
        np.testing.assert_allclose(net(image), y, rtol=1e-5, atol=1e-6)
        assert same(jax.tree.map(lambda a: jnp.round(a, 4), state), jax.tree.map(lambda a: jnp.round(a, 4), net.state))

    def test_subclass_of_a_stock_class(self):
        class Scaled(nn.Linear):
            def __init__(self, size):
                super().__init__(size, size, bias=False)
                self.gain = nn.Parameter(jnp.full((size,), 2.0))

            def forward(self, input):
                y = super().forward(input)
                return y * jnp.broadcast_to(self.gain, y.shape)

        net = Scaled(3)
        np.testing.assert_allclose(net(X), 2 * F.linear(X, net.weight), rtol=1e-6)
        assert isinstance(net, nn.Linear) and list(net.params) == ["weight", "gain"]
        np.testing.assert_allclose(net.compile()(X), 2 * F.linear(X, net.weight), rtol=1e-6)

    def test_stateless(self):
        init, apply = layers.stateless(layers.Linear(3, 2))
        assert apply(init(jax.random.key(0)), X).shape == (5, 2)
        with pytest.raises(ValueError, match="BatchNorm1d.*has state"):
            layers.stateless(layers.BatchNorm1d(3))


class TestLayerValues:
    def test_frozen_and_refused(self):
        layer = layers.Linear(3, 4)
        with pytest.raises(AttributeError):
            layer.in_features = 5
        with pytest.raises(TypeError):
            layers.Linear(3)
        with pytest.raises(TypeError, match="hashable"):

            class Holds(layers.Layer):
                things: dict

            Holds({})
        assert layers.Conv2d(3, 4, 3) == layers.Conv2d(3, 4, (3, 3)) != layers.Conv2d(3, 4, (3, 2))
        assert layers.Linear(3, 4, dtype="float16").init(jax.random.key(0))[0]["weight"].dtype == jnp.float16
        assert layers.Linear(3, 4, dtype=torch.bfloat16).dtype == jnp.bfloat16

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda n: n.Conv2d(3, 4, 3, groups=2), "in_channels must be divisible by groups=2, got 3"),
            (lambda n: n.Conv2d(4, 4, 3, padding_mode="mirror"), "padding_mode must be one of 'zeros'"),
            (lambda n: n.Conv2d(4, 4, 3, padding="same", stride=2), "stride must be 1 with padding='same'"),
            (lambda n: n.Conv2d(4, 4, (3, 3, 3)), "kernel_size must be an integer or 2 integers"),
            (lambda n: n.Dropout(1.5), "p must be a probability"),
            (lambda n: n.Embedding(3, 4, padding_idx=3), r"padding_idx must be in \[-3, 2\]"),
        ],
    )
    def test_bad_constructors(self, make, message):
        for face in (layers, nn):
            with pytest.raises((ValueError, TypeError), match=message):
                make(face)

    def test_composite_errors_name_the_child(self):
        layer = Residual(4)
        params, state = layer.init(jax.random.key(0))
        with pytest.raises(ValueError, match=r"5 channels.*\n  in conv: Conv2d\(4, 4"):
            layer.apply(params, state, jnp.ones((1, 5, 8, 8)))
        with pytest.raises(ValueError, match=r"params must hold no arrays; got nrom \['weight'\]"):
            layer.apply({**params, "nrom": {"weight": jnp.ones(4)}}, state, jnp.ones((1, 4, 8, 8)))
        with pytest.raises(ValueError, match=r"^BatchNorm2d\(4.*state must hold running_mean \(4,\)"):
            layer.apply(params, {}, jnp.ones((1, 4, 8, 8)))
