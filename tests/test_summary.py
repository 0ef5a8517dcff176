"""`purenn.summary` and the display in a notebook: the same on all faces, without memory, with XLA's counts."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import purenn
from purenn import functional as F
from purenn import layers, nn

FLOAT = jnp.float32


def struct(*shape, dtype=FLOAT):
    return jax.ShapeDtypeStruct(shape, dtype)


def xla(layer, *inputs, training=False):
    """The operations of the plain formulation, by XLA's own cost analysis.

    It is lowered for a platform without its own formulations. The program is analysed and never compiled.
    """
    params, state = jax.eval_shape(layer.init, jax.random.key(0))

    def run(params, state, *inputs):
        return layer.apply(params, state, *inputs, training=training, rng=jax.random.key(0))

    lowered = jax.jit(run).trace(params, state, *inputs).lower(lowering_platforms=("tpu",))
    cost = lowered.cost_analysis()
    return cost.get("flops", 0) + cost.get("transcendentals", 0)


EXACT = [
    (layers.Linear(32, 48), (16, 32)),
    pytest.param(layers.Conv1d(4, 8, 3, padding=1), (2, 4, 20), marks=pytest.mark.slow),
    (layers.Conv2d(8, 16, 3, stride=2, padding=1), (2, 8, 12, 12)),
    (layers.Conv2d(8, 16, 3, groups=4, padding=2, dilation=2), (2, 8, 12, 12)),
    pytest.param(layers.Conv3d(2, 4, 3), (1, 2, 6, 6, 6), marks=pytest.mark.slow),
    (layers.ConvTranspose2d(8, 4, 4, stride=2, padding=1), (2, 8, 6, 6)),
    (layers.LayerNorm(64), (8, 64)),
    pytest.param(layers.GroupNorm(4, 16), (2, 16, 8, 8), marks=pytest.mark.slow),
    (layers.BatchNorm2d(16), (2, 16, 8, 8)),
    (layers.MaxPool2d(2), (2, 4, 8, 8)),
    pytest.param(layers.AvgPool2d(3, 1, 1), (2, 4, 8, 8), marks=pytest.mark.slow),
    pytest.param(layers.GELU(), (8, 64), marks=pytest.mark.slow),
    (layers.Softmax(-1), (8, 64)),
    pytest.param(layers.Upsample(scale_factor=2, mode="bilinear"), (2, 4, 8, 8), marks=pytest.mark.slow),
]
# XLA has the logistic function and the hyperbolic tangent as one operation each, and leaves out additions of zero; its
# analysis counts one round of a loop, so that the recurrent layers run for one step.
CLOSE = [
    (layers.RMSNorm(64), (8, 64), 0.26),
    pytest.param(layers.InstanceNorm2d(16), (2, 16, 8, 8), 0.11, marks=pytest.mark.slow),
    (layers.LSTM(16, 32), (1, 3, 16), 0.12),
    pytest.param(layers.GRU(16, 32), (1, 3, 16), 0.11, marks=pytest.mark.slow),
    (layers.MultiheadAttention(32, 4, batch_first=True), (2, 10, 32), 0.02),
    (layers.TransformerEncoderLayer(32, 4, 64), (2, 10, 32), 0.02),
]


@pytest.mark.parametrize(("layer", "shape"), EXACT, ids=lambda value: type(value).__name__)
def test_operations_are_xlas(layer, shape):
    found = purenn.summary(layer, struct(*shape)).total.flops
    assert found == pytest.approx(xla(layer, struct(*shape)), rel=0.001)


@pytest.mark.parametrize(("layer", "shape", "tolerance"), CLOSE, ids=lambda value: type(value).__name__)
def test_operations_are_close_to_xlas(layer, shape, tolerance):
    inputs = [struct(*shape)] * (3 if isinstance(layer, layers.MultiheadAttention) else 1)
    found = purenn.summary(layer, *inputs).total.flops
    assert found == pytest.approx(xla(layer, *inputs), rel=tolerance)


def test_operations_of_the_compiled_program():
    layer, x = layers.Sequential(layers.Linear(32, 64), layers.GELU(), layers.Linear(64, 8)), jnp.ones((16, 32))
    params, state = layer.init(jax.random.key(0))
    cost = jax.jit(layer.apply).lower(params, state, x).compile().cost_analysis()
    assert purenn.summary(layer, x).total.flops == pytest.approx(
        cost["flops"] + cost.get("transcendentals", 0), rel=0.01
    )


def test_a_loop_counts_all_of_its_rounds():
    a, b, c = (purenn.summary(layers.LSTM(16, 32), struct(length, 3, 16)).total.flops for length in (4, 8, 12))
    assert c - b == b - a > 4 * 2 * 3 * (16 + 32) * 4 * 32


class Attention(layers.Composite):
    width: int

    def children(self):
        return {name: layers.Linear(self.width, self.width, bias=False) for name in ("q", "k", "v", "out")}

    def forward(self, m, x):
        q, k, v = (part(x).reshape(*x.shape[:2], 64, -1).swapaxes(1, 2) for part in (m.q, m.k, m.v))
        return m.out(F.scaled_dot_product_attention(q, k, v, is_causal=True).swapaxes(1, 2).reshape(x.shape))


class Block(layers.Composite):
    width: int

    def children(self):
        wide = self.width * 7 // 2
        return {
            "norm1": layers.RMSNorm(self.width),
            "attention": Attention(self.width),
            "norm2": layers.RMSNorm(self.width),
            "gate": layers.Linear(self.width, wide, bias=False),
            "up": layers.Linear(self.width, wide, bias=False),
            "down": layers.Linear(wide, self.width, bias=False),
        }

    def forward(self, m, x):
        x = x + m.attention(m.norm1(x))
        h = m.norm2(x)
        return x + m.down(F.silu(m.gate(h)) * m.up(h))


class Language(layers.Composite):
    blocks: int
    width: int
    words: int

    def children(self):
        return {
            "embed": layers.Embedding(self.words, self.width),
            "layers": layers.ModuleList([Block(self.width) for _ in range(self.blocks)]),
            "norm": layers.RMSNorm(self.width),
            "head": layers.Linear(self.width, self.words, bias=False),
        }

    def forward(self, m, x):
        x = m.embed(x)
        for block in m.layers:
            x = block(x)
        return m.head(m.norm(x))


def test_seventy_billion_parameters_need_no_memory(monkeypatch):
    """80 blocks of width 8192: no array is made, and nothing is drawn or compiled."""
    monkeypatch.setattr(layers.Layer, "draw", None)  # what init runs
    events = []
    jax.monitoring.register_event_duration_secs_listener(lambda event, seconds, **_: events.append(event))
    table = purenn.summary(Language(80, 8192, 32000), struct(1, 128, dtype=jnp.int32), depth=2)
    total = table.total
    assert total.parameters == 80 * (4 * 8192**2 + 3 * 8192 * 28672 + 2 * 8192) + 2 * 32000 * 8192 + 8192
    assert total.bytes == 4 * total.parameters
    products = 2 * 128 * (total.parameters - 32000 * 8192 - 161 * 8192) + 80 * 4 * 128 * 128 * 8192
    assert total.flops == pytest.approx(products, rel=0.01)
    assert len(table.shown()) == 1 + 4 + 80
    assert not [event for event in events if "backend_compile" in event]


# The faces.


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2)
        self.norms = nn.ModuleDict({"main": nn.BatchNorm1d(5)})
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        return self.head(self.norms["main"](self.encoder(x)))


def rows(table):
    return {row.path: row for row in table.rows}


def test_all_faces_agree():
    x = jnp.ones((2, 5, 8))
    layer = layers.TransformerEncoder(layers.TransformerEncoderLayer(8, 2, 16), 2)
    module = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2)
    pure = nn.pure(lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2))
    tables = [purenn.summary(each, x).to_dict() for each in (layer, module, pure, module.compile())]
    assert tables[0] == tables[1] == tables[2] == tables[3]
    given = purenn.summary(layer, x, params=module.params, state=module.state).to_dict()
    assert given == tables[0]
    half = jax.tree.map(lambda a: a.astype(jnp.bfloat16), module.params)
    halved = purenn.summary(layer, x.astype(jnp.bfloat16), params=half).total
    assert halved.bytes == tables[0]["total"]["bytes"] // 2
    assert halved.outputs == (((2, 5, 8), "bfloat16"),)


def test_rows():
    net = Net()
    net.encoder.requires_grad_(False)
    table = purenn.summary(net, jnp.ones((2, 5, 8)))
    found = rows(table)
    assert found["head"].outputs == (((2, 5, 3), "float32"),)
    assert (found["head"].trained, found["head"].frozen, found["head"].output_bytes) == (27, 0, 120)
    assert (found["encoder"].trained, found["encoder"].frozen) == (0, sum(a.size for a in net.encoder.parameters()))
    assert (found["norms.main"].buffers, found["norms.main"].bytes) == (11, 4 * 21)
    assert found["norms"].calls == 0
    assert found["norms"].flops == found["norms.main"].flops != 0
    assert table.total.flops == sum(found[name].flops for name in ("encoder", "norms", "head"))
    assert [*found] == [name for name, _ in net.named_modules(remove_duplicate=False)]
    json.dumps(table.to_dict())


def test_ties_and_repeats():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)
            self.b.weight = self.a.weight
            self.again = nn.Sequential(self.a)

        def forward(self, x):
            return self.again(self.b(self.a(x)))

    found = rows(purenn.summary(Tied(), jnp.ones((1, 4))))
    assert found[""].parameters == 24
    assert (found["a"].parameters, found["b"].parameters, found["again.0"].parameters) == (20, 4, 0)
    assert not found["a"].shared
    assert found["b"].shared
    assert found["again.0"].shared
    assert found["again"].flops == found["again.0"].flops == found["a"].flops == found["b"].flops


def test_a_hyper_parameter_may_be_called_frozen():
    class Scale(layers.Layer):
        frozen: bool

        def parameters(self):
            return {"weight": layers.Spec((3,), 1.0)}

    total = purenn.summary(Scale(True)).total
    assert (total.trained, total.frozen) == (3, 0)


def test_folds():
    table = purenn.summary(Net(), jnp.ones((2, 5, 8)), depth=1)
    assert [row.path for row in table.shown()] == ["", "encoder", "norms", "head"]
    assert table.fold(None).shown() == list(table.rows)
    assert len(str(table).splitlines()) == 4 + 4
    with pytest.raises(TypeError, match="summary: depth must be an integer or None, got '1'"):
        purenn.summary(Net(), jnp.ones((2, 5, 8)), depth="1")
    with pytest.raises(ValueError, match="summary: depth must be at least 0, got -1"):
        purenn.summary(Net(), jnp.ones((2, 5, 8)), depth=-1)


def test_of_a_part_that_is_not_called_no_operations_are_told():
    table = purenn.summary(layers.MultiheadAttention(4, 2), *[struct(3, 4)] * 3)
    part = rows(table)["out_proj"]
    assert part.calls == part.flops == 0
    assert part.cells()[-2] == ""


def test_without_an_input():
    table = purenn.summary(Net())
    assert table.total.flops is None
    assert table.total.parameters == sum(a.size for a in Net().parameters())
    assert purenn.summary(layers.Linear(3, 2)).total.parameters == 8


def test_other_arguments_and_modes():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.drop = nn.Dropout(0.5)

        def forward(self, pair, *, scale, name="", training=False):
            return {"out": self.drop(pair[0]) * scale, "name": name, "training": training}

    table = purenn.summary(Scaled(), (jnp.ones(3), None), scale=2, name="a", training=True)
    assert table.total.outputs == (((3,), "float32"),)
    net = nn.Sequential(nn.BatchNorm1d(3))
    before = jax.tree.map(np.asarray, net.state)
    purenn.summary(net, jnp.ones((4, 3)), training=True)
    assert jax.tree.all(jax.tree.map(np.array_equal, before, net.state))


def test_lazy_layers():
    found = purenn.summary(layers.Sequential(layers.LazyLinear(8), layers.ReLU()), struct(3, 4))
    assert rows(found)["0"].parameters == 40
    net = nn.LazyLinear(8)
    with pytest.raises(ValueError, match="LazyLinear has no arrays yet for its lazy layers: call it once before"):
        purenn.summary(net, struct(3, 4))
    net(jnp.ones((3, 4)))
    assert purenn.summary(net, struct(3, 4)).total.parameters == 40


def test_refusals():
    with pytest.raises(TypeError, match="summary: model must be a layer or a module, got function"):
        purenn.summary(lambda x: x, jnp.ones(1))
    for pair in (tuple(layers.Linear(3, 2)), layers.stateless(layers.Linear(3, 2))):
        with pytest.raises(TypeError, match="got a pair of functions: give the layer that init and apply were made of"):
            purenn.summary(pair, jnp.ones((1, 3)))
    with pytest.raises(TypeError, match=r"params must hold arrays or jax\.ShapeDtypeStruct, got int"):
        purenn.summary(layers.Linear(3, 2, bias=False), struct(1, 3), params={"weight": 1})
    with pytest.raises(ValueError, match=r"linear: input must have shape(.|\n)*in 0: Linear(.|\n)*called with float32"):
        purenn.summary(layers.Sequential(layers.Linear(3, 2)), struct(1, 4))


def test_what_cannot_be_counted_is_said():
    class Values(layers.Layer):
        def forward(self, m, x):
            return jnp.linalg.eigvalsh(x), jax.lax.while_loop(lambda x: x.sum() < 9, lambda x: x + 1, x)

    notes = purenn.summary(Values(), struct(3, 3)).notes
    assert notes == ("not counted: eigh", "a loop whose length depends on values counts as one round")


def test_rich_prints_the_same_numbers(capsys):
    rich = pytest.importorskip("rich.console")
    table = purenn.summary(layers.Sequential(layers.Linear(4, 8)), struct(3, 4))
    console = rich.Console(width=200, file=sys.stdout, force_terminal=False)
    console.print(table)
    out = capsys.readouterr().out
    for cells in (row.cells() for row in table.rows):
        assert all(cell in out for cell in cells)
    table.print()
    assert "40 parameters" in capsys.readouterr().out


# In a notebook.


class Balanced(HTMLParser):
    """Checks that every element is closed, and keeps the text and the attributes."""

    def __init__(self, text):
        super().__init__()
        self.open, self.text, self.seen = [], "", []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.append((tag, dict(attrs)))

    def handle_startendtag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_pages_of_modules():
    net = nn.Sequential({"conv": nn.Conv2d(3, 8, 3), "norm": nn.BatchNorm2d(8), "act": nn.ReLU()})
    net.conv.requires_grad_(False)
    net.norm.weight = net.norm.weight.at[0].set(jnp.nan)
    page = Balanced(net._repr_html_())
    tags = [tag for tag, _ in page.seen]
    assert tags.count("details") == 3
    assert tags.count("svg") == 2  # of the weight and bias of conv: the others are constant
    assert "weight float32[8, 3, 3, 3] parameter, frozen" in page.text
    assert "running_var float32[8] buffer mean 1 std 0" in page.text
    assert "1 not finite" in page.text
    assert f"{float(net.conv.weight.mean()):.3g}" in page.text
    assert not [a for _, a in page.seen if {"src", "href"} & a.keys()]
    assert "<script" not in net._repr_html_()


@pytest.mark.parametrize("text", ["<b>&'\"</b>"])
def test_pages_are_escaped(text):
    class Named(layers.Layer):
        label: str

        def parameters(self):
            return {text: layers.Spec((2,), 1.0)}

        def forward(self, m, x):
            return x

    for shown in (Named(text), layers.Sequential({text.replace(".", ""): Named(text)})):
        page = Balanced(shown._repr_html_())
        assert text in page.text
    net = nn.stateful(Named)(text)
    assert text in Balanced(net._repr_html_()).text
    table = Balanced(purenn.summary(layers.Sequential({text: Named(text)}), struct(1))._repr_html_())
    assert text in table.text


def test_pages_of_arrays_that_are_not_at_hand():
    net = nn.Sequential(nn.Linear(2, 2))
    bound = layers.Linear(2, 2).bind({"weight": struct(2, 2), "bias": struct(2)}, {})
    assert "weight float32[2, 2] parameter" in Balanced(bound._repr_html_()).text
    pages = []
    jax.eval_shape(lambda p: pages.append(layers.Linear(2, 2).bind(p, {})._repr_html_()), net[0].params)
    assert "<svg" not in pages[0]
    net[0].weight.delete()
    assert "weight float32[2, 2] parameter" in Balanced(net._repr_html_()).text


def test_statistics_of_large_arrays_are_of_a_sample():
    net = nn.Linear(1000, 100, bias=False)
    assert re.search(r"of 50,000 of 100,000 numbers", Balanced(net._repr_html_()).text)


def test_the_import_is_late():
    late = ("purenn.inspect", "purenn.debug", "rich")
    code = f"import sys, purenn; print([name for name in sys.modules if name.startswith({late})])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
