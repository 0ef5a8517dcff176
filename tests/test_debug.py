"""`purenn.debug`, the origin of an error, and the names in a compiled program, on every face."""

import re

import jax
import jax.numpy as jnp
import optax
import pytest

import purenn
from purenn import functional as F
from purenn import layers, nn
from purenn.debug import check_finite, explain_compiles, shapes
from purenn.layers.location import describe_arguments


class Root(layers.Layer):
    """Its gradient at zero is infinite, its value for negative numbers NaN."""

    def forward(self, m, x):
        return jnp.sqrt(x)


class Blocks(layers.Composite):
    def children(self):
        return {
            "stem": layers.Linear(4, 4),
            "blocks": layers.ModuleList([layers.Sequential(layers.Linear(4, 4), layers.ReLU()) for _ in range(2)]),
            "root": Root(),
        }

    def forward(self, m, x):
        x = m.stem(x)
        for block in m.blocks:
            x = x + block(x)
        return m.root(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Linear(4, 4)
        self.blocks = nn.ModuleList([nn.Sequential(nn.Linear(4, 4), nn.ReLU()) for _ in range(2)])
        self.root = nn.stateful(Root)()

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = x + block(x)
        return self.root(x)


def zeroed():
    """A net whose blocks return their input, so zeros reach the square root."""
    net = Net()
    net.params = jax.tree.map(jnp.zeros_like, net.params)
    return net


def faces(net):
    """The same network in every callable form."""
    params, state = net.params, net.state
    stock, whole = nn.stateful(Blocks)(), Net().compile()
    stock.params = whole.params = params
    return {
        "layer": lambda x: Blocks().apply(params, state, x)[0],
        "jitted layer": jax.jit(lambda x: Blocks().apply(params, state, x)[0]),
        "functional_call": jax.jit(lambda x: nn.functional_call(net, params, state, x)[0]),
        "pure": jax.jit(lambda x: nn.pure(Net).apply(params, state, x)[0]),
        "module": net,
        "stock module": stock,
        "compiled": whole,
        "vmap": jax.vmap(lambda x: Blocks().apply(params, state, x)[0]),
    }


QUICK = {"layer", "jitted layer", "module", "compiled"}


def some(*quick, but=()):
    """The faces; all but the given ones are marked slow."""
    names = [name for name in faces(zeroed()) if name not in but]
    return [pytest.param(n, marks=() if n in (quick or QUICK) else pytest.mark.slow) for n in names]


FACES = some()


# Errors.


def test_long_containers_show_their_first_entries():
    x = jnp.ones(2)
    given = [x] * 4, (x,) * 5, dict.fromkeys(range(9), x)
    told = describe_arguments(given, {})
    array = "float32[2]"
    assert told == (
        f"[{array}, {array}, {array}, {array}], ({array}, {array}, {array}, and 2 more), "
        f"{{0: {array}, 1: {array}, 2: {array}, and 6 more}}"
    )


@pytest.mark.parametrize("face", some(*faces(zeroed()), but=["vmap"]))
def test_an_error_says_where_and_with_what(face):
    class Wrong(layers.Layer):
        def forward(self, m, x):
            return F.linear(x, jnp.ones((2, 3)))

    class Around(layers.Composite):
        def children(self):
            return {"stem": layers.Linear(4, 4), "blocks": layers.ModuleList([layers.ReLU(), Wrong()])}

        def forward(self, m, x):
            return m.blocks[1](m.blocks[0](m.stem(x)))

    class AroundModule(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Linear(4, 4)
            self.blocks = nn.ModuleList([nn.ReLU(), nn.stateful(Wrong)()])

        def forward(self, x):
            return self.blocks[1](self.blocks[0](self.stem(x)))

    net = AroundModule()
    params = net.params
    call = {
        "layer": lambda x: Around().apply(params, {}, x),
        "jitted layer": lambda x: jax.jit(Around().apply)(params, {}, x),
        "functional_call": lambda x: nn.functional_call(net, params, {}, x),
        "pure": lambda x: nn.pure(AroundModule).apply(params, {}, x),
        "module": net,
        "stock module": nn.stateful(Around)(),
        "compiled": AroundModule().compile(),
    }[face]
    with pytest.raises(ValueError, match=r"linear: input must have shape") as caught:
        call(jnp.ones((2, 4)))
    assert str(caught.value).endswith("\n  in blocks.1: Wrong()\n  called with float32[2, 4]")


@pytest.mark.parametrize("face", ["layer", "compiled"])
def test_an_error_of_jax_says_where_in_a_note(face):
    class Branch(layers.Layer):
        def forward(self, m, x):
            return x if x.sum() > 0 else -x

    net = layers.Sequential(layers.ReLU(), Branch())
    call = (
        jax.jit(lambda x: net.apply({}, {}, x)) if face == "layer" else nn.Sequential(nn.ReLU(), nn.stateful(Branch)())
    )
    with pytest.raises(jax.errors.TracerBoolConversionError) as caught:
        (call if face == "layer" else call.compile())(jnp.ones(3))
    assert "  in 1: Branch()\n  called with float32[3]" in caught.value.__notes__


def test_an_error_tells_the_shapes_in_a_dict():
    class Reads(layers.Layer):
        def forward(self, m, batch):
            return F.linear(batch["x"], jnp.ones((2, 3)))

    with pytest.raises(ValueError, match=r"called with {'x': float32\[2, 4\], 'rest': \[int32\[1\], None\]}"):
        Reads().apply({}, {}, {"x": jnp.ones((2, 4)), "rest": [jnp.zeros(1, int), None]})


def test_a_step_says_where_and_with_what():
    net = Net()
    opt = nn.Optimizer(net, optax.sgd(0.1))
    with pytest.raises(ValueError, match=r"in stem: Linear\(.*\)\n  called with float32\[2, 3\]"):
        opt.step(lambda net, x: net(x).sum(), jnp.ones((2, 3)))


def test_names_in_a_compiled_step():
    class Encoder(nn.Module):
        def __init__(self):
            super().__init__()
            block = lambda: nn.Sequential({"self_attn": nn.Linear(4, 4)})  # noqa: E731
            self.layers = nn.ModuleList([block() for _ in range(4)])

        def forward(self, x):
            for layer in self.layers:
                x = layer(x)
            return x

    net = nn.Sequential({"encoder": Encoder()})

    def loss(params, x):
        return (nn.functional_call(net, params, net.state, x)[0] ** 2).sum()

    text = jax.jit(jax.grad(loss)).lower(net.params, jnp.ones((1, 2, 4))).compile().as_text()
    names = re.findall(r'op_name="([^"]*)"', text)
    inside = [name for name in names if "encoder/layers.3/self_attn" in re.sub(r"\w+\(|\)", "", name)]
    assert any("transpose(" in name for name in inside)  # the backward pass
    assert any("transpose(" not in name for name in inside)


# Shapes.


@pytest.mark.parametrize("face", FACES)
def test_shapes(face):
    call, lines = faces(zeroed())[face], []
    x = jnp.ones((2, 4))
    expected = call(x)
    with shapes(lines.append):
        assert jnp.array_equal(call(x), expected)
    size = "4" if face == "vmap" else "2, 4"
    array = f"float32[{size}]"
    names = ["stem: Linear", "blocks.0.0: Linear", "blocks.0.1: ReLU", "blocks.0: Sequential"]
    names += ["blocks.1.0: Linear", "blocks.1.1: ReLU", "blocks.1: Sequential", "root: Root"]
    assert lines[:-1] == [f"{name}({array}) -> {array}" for name in names]
    assert lines[-1].endswith(f"({array}) -> {array}")
    lines.clear()
    call(x)
    assert lines == []


def test_shapes_of_a_step_and_of_one_level():
    net, lines = Net(), []
    opt = nn.Optimizer(net, optax.sgd(0.1))
    loss = lambda net, x: net(x).sum()  # noqa: E731
    opt.step(loss, jnp.ones((2, 4)))
    with shapes(lines.append, depth=1):
        opt.step(loss, jnp.ones((2, 4)))
    assert [line.partition("(")[0] for line in lines] == ["stem: Linear", "root: Root", "Net"]


def test_shapes_of_a_program_that_turns_out_to_need_a_key():
    net = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5)).compile()
    lines = []
    with shapes(lines.append):
        net(jnp.ones((2, 4)))
    assert [line.partition("(")[0] for line in lines] == ["0: Linear", "1: Dropout", "Sequential"]


def test_other_modes_methods_and_compiled_parts_have_their_places():
    class Mixed(nn.Module):
        def __init__(self):
            super().__init__()
            self.drop = nn.Sequential(nn.Dropout(0.5))
            self.fast = nn.Sequential(Net().compile(), nn.BatchNorm1d(4))
            self.soft = nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2])

        def forward(self, x):
            x = self.fast(self.drop[0](x, training=False))
            return self.soft.log_prob(x)

    net, lines = Mixed(), []
    with shapes(lines.append):
        net(jnp.ones((2, 4)))
    names = [line.partition("(")[0] for line in lines]
    expected = ["drop.0: Dropout", "fast.0: Net", "fast.1: BatchNorm1d", "fast: Sequential", "Mixed"]
    assert [name for name in names if name in expected] == expected
    assert {"soft.head: Linear", "soft: AdaptiveLogSoftmaxWithLoss"} <= {*names}
    assert "fast.0.blocks.1.0: Linear" in names
    assert int(net.fast[1].num_batches_tracked) == 1


# Numbers that aren't finite.


@pytest.mark.parametrize("face", FACES)
def test_the_first_value_that_is_not_finite(face):
    net = zeroed()
    net.stem.bias = jnp.array([1.0, -1.0, 1.0, 1.0])
    call = faces(net)[face]
    call(jnp.ones((2, 4)))  # compiled before, without checks
    with (
        pytest.raises(
            FloatingPointError, match=r"the output of root: Root\(\) is not finite: \d NaN in float32\["
        ) as e,
        check_finite(),
    ):
        call(jnp.ones((2, 4)))
    assert "fault is before" not in str(e.value)
    net.stem.bias = jnp.ones(4)
    with check_finite():
        faces(net)[face](jnp.ones((2, 4)))


@pytest.mark.parametrize("face", some("jitted layer", "compiled", but=["module", "stock module"]))
def test_the_first_gradient_that_is_not_finite(face):
    call = faces(zeroed())[face]

    def loss(x):
        return call(x).sum()

    if face == "compiled":  # its arrays are constants for jax.grad, its program is inside
        loss = jax.jit(loss)
    with check_finite():
        assert loss(jnp.ones((2, 4))) == 0
    with (
        pytest.raises(FloatingPointError, match=r"gradient of an input of root: Root\(\) is not finite: \d (inf|NaN)"),
        check_finite(),
    ):
        jax.grad(loss)(jnp.ones((2, 4)))


@pytest.mark.parametrize(
    "way", ["step", "scan", *(pytest.param(way, marks=pytest.mark.slow) for way in ("grad", "layer", "remat"))]
)
def test_gradients_of_training(way):
    net, x = zeroed(), jnp.ones((2, 4))

    def loss(net, x):
        return net(x).sum()

    def run():
        if way == "step":
            nn.Optimizer(net, optax.sgd(0.1)).step(loss, x)
        elif way == "grad":
            nn.grad(loss)(net, x)
        elif way == "remat":
            nn.grad(lambda net, x: nn.remat(net)(x).sum())(net, x)
        else:
            params, layer = net.params, Blocks()
            if way == "layer":
                jax.jit(jax.grad(lambda params: layer.apply(params, {}, x)[0].sum()))(params)
            else:
                body = lambda c, _: (layer.apply(params, {}, c)[0], None)  # noqa: E731
                jax.grad(lambda c: jax.lax.scan(body, c, length=2)[0].sum())(x)

    with (
        pytest.raises(FloatingPointError, match=r"gradient of an input of .*root: Root\(\) is not finite"),
        check_finite(),
    ):
        run()


def test_a_loss_that_is_not_finite():
    net, x = nn.Linear(4, 4), jnp.zeros((2, 4))
    with (
        pytest.raises(FloatingPointError, match=r"gradient of the output of Linear.*what follows this layer"),
        check_finite(),
    ):
        nn.grad(lambda net, x: jnp.sqrt(net(x) * 0).sum())(net, x)


@pytest.mark.parametrize("way", ["step", "value_and_grad"])
def test_a_loss_that_is_not_finite_although_its_gradient_is(way):
    net, x = nn.Linear(4, 4), jnp.ones((2, 4))

    def loss(net, x):
        return jnp.log(-(net(x) ** 2).sum())

    run = nn.Optimizer(net, optax.sgd(0.1)).step if way == "step" else lambda loss, x: nn.value_and_grad(loss)(net, x)
    what = r"(the loss of Optimizer\.step|the value of .*) is not finite: 1 NaN"
    with pytest.raises(FloatingPointError, match=what), check_finite():
        run(loss, x)


def test_a_step_that_makes_parameters_not_finite():
    net = nn.Linear(4, 4)
    opt = nn.Optimizer(net, optax.sgd(jnp.inf))
    what = r"parameter weight after Optimizer\.step is not finite: 16 infinite"
    with pytest.raises(FloatingPointError, match=what), check_finite():
        opt.step(lambda net, x: net(x).sum(), jnp.ones((2, 4)))


def test_parameters_and_inputs_and_code_between():
    params, state = Blocks().init(jax.random.key(0))
    params["blocks"]["1"]["0"]["weight"] = params["blocks"]["1"]["0"]["weight"].at[0, 0].set(jnp.nan)
    with (
        pytest.raises(FloatingPointError, match=r"parameter weight of blocks\.1\.0: Linear\(.*\) is not finite: 1 NaN"),
        check_finite(),
    ):
        jax.jit(Blocks().apply)(params, state, jnp.ones((2, 4)))
    net = zeroed()
    with (
        pytest.raises(FloatingPointError, match=r"the output of stem: .*; an input of stem: .* before this layer"),
        check_finite(),
    ):
        net(jnp.full((2, 4), jnp.nan))


def test_masks_of_minus_infinity_are_no_fault():
    layer = layers.MultiheadAttention(4, 2, batch_first=True)
    params, state = layer.init(jax.random.key(0))
    mask, x = jnp.triu(jnp.full((3, 3), -jnp.inf), 1), jnp.ones((1, 3, 4))
    with check_finite():
        jax.jit(jax.grad(lambda p: layer.apply(p, state, x, x, x, attn_mask=mask)[0][0].sum()))(params)

    with pytest.raises(FloatingPointError, match=r"9 infinite in float32\[3, 3\]\n"), check_finite():
        layer.apply(params, state, x, x, x, attn_mask=jnp.full((3, 3), -jnp.inf))

    class Log(layers.Layer):
        def forward(self, m, x):
            return jnp.log(x)

    with check_finite(allow_inf=True):
        Log().apply({}, {}, jnp.zeros(2))
    with pytest.raises(FloatingPointError, match="2 infinite in float32"), check_finite():
        Log().apply({}, {}, jnp.zeros(2))


def test_an_error_inside_of_the_context_gets_a_note():
    net = zeroed()
    net.stem.bias = jnp.full(4, -1.0)
    call = faces(net)["jitted layer"]
    with pytest.raises(KeyError) as caught, check_finite():
        call(jnp.ones((2, 4)))
        raise KeyError("x")
    assert "the output of root: Root() is not finite" in caught.value.__notes__[0]


def test_checks_change_nothing():
    net, x = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5)), jnp.arange(8.0).reshape(2, 4)
    results = []
    for context in (check_finite, lambda: jax.disable_jit(False)):
        nn.manual_seed(0)
        net.params = jax.tree.map(jnp.ones_like, net.params)
        opt = nn.Optimizer(net, optax.sgd(0.1))
        with context():
            for _ in range(2):
                opt.step(lambda net, x: (net(x) ** 2).sum(), x)
        results.append(net.params)
    assert jax.tree.all(jax.tree.map(lambda a, b: jnp.allclose(a, b, atol=1e-6), *results))


# Why it compiles again.


class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = 2
        self.linear = nn.Linear(3, 3)
        self.drop = nn.Dropout(0.5)

    def forward(self, x, flip=False):
        return self.drop(self.linear(x)) * (-self.scale if flip else self.scale)


@pytest.mark.filterwarnings("ignore:.*compiled for the third time")
def test_what_made_a_module_compile_again(capsys):
    net, x = Scaled().compile(), jnp.ones((2, 3))
    net(x)  # seen before the context
    with explain_compiles() as lines:
        net(x)
        net(jnp.ones((4, 3)))
        net.scale = 3
        net(x)
        net(x, flip=True)
        net(x, flip=False)  # nearest to the call without it
        net.eval()
        net(x)
        net.linear = nn.Linear(3, 3, bias=False)
        net(x)
    assert lines[0] == "Scaled compiles again: argument [0] is float32[4, 3], before float32[2, 3]"
    assert lines[1] == "Scaled compiles again: Scaled.scale is 3, before 2"
    assert lines[2] == lines[3] == "Scaled compiles again: argument ['flip'] is new"
    assert "training is False, before True" in lines[4]
    assert "linear is Linear(in_features=3, out_features=3, bias=False), before Linear(" in lines[5]
    assert len(lines) == 6
    assert capsys.readouterr().out.splitlines() == lines


@pytest.mark.filterwarnings("ignore:.*compiled for the third time")
def test_what_made_an_optimizer_compile_again():
    net, x, factor = Scaled(), jnp.ones((2, 3)), 1
    opt = nn.Optimizer(net, optax.sgd(0.1))

    def loss(net, x, name):
        return net(x).sum() * factor

    with explain_compiles(lambda line: None) as lines:
        opt.step(loss, x, "a")
        opt.step(loss, x, "a")
        opt.step(loss, x, "b")
        factor = 2
        opt.step(loss, x, "b")
        opt.step(loss, jnp.ones((4, 3)), "b")
    assert lines[0] == "Optimizer.step of Scaled compiles for the first time"
    assert "is 'b', before 'a'" in lines[1]
    assert "factor" in lines[2]
    assert "is 2, before 1" in lines[2]
    assert "argument [0] is float32[4, 3], before float32[2, 3]" in lines[3]
    assert len(lines) == 4


def test_what_is_no_attribute_made_a_program_anew():
    net, x = Scaled().compile(), jnp.ones((2, 3))
    opt = nn.Optimizer(net, optax.sgd(0.1))
    with explain_compiles(lambda line: None) as lines:
        for loss in (lambda net, x: net(x).sum(), lambda net, x: net(x).mean()):
            opt.step(loss, x)
        net.linear.requires_grad_(False)
        net.more = nn.Parameter(jnp.ones(()))
        opt.step(loss, x)
        net(x)
        net.register_forward_hook(lambda *_: None)
        net(x)
    assert lines[1].endswith("the loss function is another one")
    assert "linear.weight.requires_grad is False, before True" in lines[2]
    assert "Scaled's hook is new" in lines[4]


def test_what_made_a_stock_module_compile_again():
    act = nn.Softplus(beta=0.123)
    with explain_compiles(lambda line: None) as lines:
        act(jnp.ones(11))
        act(jnp.ones(11))
        act(jnp.ones(12))
        nn.Softplus(beta=0.456)(jnp.ones(12))
    assert lines[0].startswith("Softplus compiles")
    assert lines[1:] == [
        "Softplus compiles again: argument [0] is float32[12], before float32[11]",
        "Softplus compiles again: the layer is Softplus(beta=0.456, threshold=20.0), before Softplus(beta=0.123, "
        "threshold=20.0)",
    ]


def test_observers_do_not_count_as_compilations():
    net, x = Scaled().compile(), jnp.ones((2, 3))
    net(x)
    with explain_compiles() as lines:
        with shapes(lambda line: None):
            net(x)
        net(x)
    assert lines == []


def test_a_depth_is_a_number_of_levels():
    with pytest.raises(ValueError, match="shapes: depth must be at least 0, got -1"), shapes(depth=-1):
        pass


def test_the_module_lists_what_is_public():
    assert dir(purenn.debug) == ["check_finite", "explain_compiles", "shapes"]
