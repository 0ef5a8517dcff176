"""`purenn.graph`: the right nodes and edges on every face, and a picture in which nothing overlaps."""

import itertools
import xml.etree.ElementTree as ElementTree

import jax
import jax.numpy as jnp
import pytest

import purenn
from purenn import functional as F
from purenn import layers, nn
from purenn.inspect.flow import flow
from purenn.inspect.graph import _size
from purenn.inspect.layout import picture
from purenn.inspect.trace import trace


def struct(*shape, dtype=jnp.float32):
    return jax.ShapeDtypeStruct(shape, dtype)


class Perceptron(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(4, 32)
        self.head = nn.Linear(32, 2)

    def forward(self, x):
        return self.head(F.relu(self.hidden(x)))


class Basic(nn.Module):
    def __init__(self, inside, outside, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outside)
        self.conv2 = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outside)
        self.down = None
        if stride > 1:
            self.down = nn.Sequential(nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.down is None else self.down(x)))


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.layer1 = nn.Sequential(Basic(4, 4), Basic(4, 8, 2))
        self.fc = nn.Linear(8, 10)

    def forward(self, x):
        return self.fc(self.layer1(F.relu(self.stem(x))).mean((2, 3)))


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down1, self.down2 = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 8, 3, padding=1)
        self.middle = nn.Sequential(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU())
        self.rise2, self.up2 = nn.ConvTranspose2d(16, 8, 2, 2), nn.Conv2d(16, 8, 3, padding=1)
        self.rise1, self.up1 = nn.ConvTranspose2d(8, 4, 2, 2), nn.Conv2d(8, 1, 3, padding=1)

    def forward(self, x):
        a = F.relu(self.down1(x))
        b = F.relu(self.down2(F.max_pool2d(a, 2)))
        y = self.rise2(self.middle(F.max_pool2d(b, 2)))
        y = self.rise1(F.relu(self.up2(jnp.concatenate([y, b], 1))))
        return self.up1(jnp.concatenate([y, a], 1))


class Vision(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 8, 4, 4)
        self.place = nn.Parameter(jnp.zeros((1, 4, 8)))
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2)
        self.head = nn.Linear(8, 10)

    def forward(self, x):
        h = self.patch(x).reshape(x.shape[0], 8, -1).swapaxes(1, 2) + self.place
        return self.head(self.encoder(h)[:, 0])


MODELS = {
    "perceptron": (Perceptron, [struct(8, 4)]),
    "residual": (Residual, [struct(1, 3, 8, 8)]),
    "unet": (UNet, [struct(1, 1, 8, 8)]),
    "vision": (Vision, [struct(2, 3, 8, 8)]),
    "transformer": (lambda: nn.Transformer(8, 2, 1, 1, 16), [struct(3, 1, 8), struct(2, 1, 8)]),
}


def named(drawn):
    """The edges, as paths or labels of their ends."""
    names = [node["path"] or node["label"] for node in drawn.nodes]
    return {(names[a], names[b]) for a, b in drawn.edges}


def test_perceptron():
    drawn = purenn.graph(Perceptron(), struct(8, 4))
    assert named(drawn) == {("x", "hidden"), ("hidden", "relu"), ("relu", "head"), ("head", "output")}
    assert [node["shape"] for node in drawn.nodes] == ["8×4", "8×32", "8×32", "8×2", "8×2"]


def test_residual_blocks():
    edges = named(purenn.graph(Basic(4, 8, 2), struct(1, 4, 8, 8)))
    assert edges >= {
        ("x", "conv1"),
        ("x", "down.0"),
        ("down.0", "down.1"),
        ("down.1", "+"),
        ("bn2", "+"),
        ("relu", "output"),
    }
    edges = named(purenn.graph(Basic(4, 4), struct(1, 4, 8, 8)))
    assert {("x", "conv1"), ("x", "+"), ("bn2", "+"), ("+", "relu")} <= edges
    folded = purenn.graph(Residual(), struct(1, 3, 8, 8), depth=1)
    assert named(folded) == {
        ("x", "stem"), ("stem", "relu"), ("relu", "layer1"), ("layer1", "mean"), ("mean", "fc"), ("fc", "output"),
    }  # fmt: skip
    assert [node["kind"] for node in folded.nodes if node["path"] == "layer1"] == ["block"]


def test_unet_has_its_skips():
    drawn = purenn.graph(UNet(), struct(1, 1, 8, 8))
    into = [{drawn.nodes[a]["path"] or drawn.nodes[a]["shape"] for a, b in drawn.edges if b == i}
            for i, node in enumerate(drawn.nodes) if node["label"] == "concat"]  # fmt: skip
    assert into == [{"rise2", "1×8×4×4"}, {"rise1", "1×4×8×8"}]


def test_arrays_that_operations_read():
    drawn = purenn.graph(Vision(), struct(2, 3, 8, 8))
    assert {("patch", "+"), ("place", "+")} <= named(drawn)
    (array,) = (node for node in drawn.nodes if node["kind"] == "array")
    assert (array["label"], array["shape"]) == ("place", "1×4×8")


def test_all_faces_agree():
    def build():
        return nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2)

    layer = layers.TransformerEncoder(layers.TransformerEncoderLayer(8, 2, 16), 2)
    drawn = [purenn.graph(each, struct(5, 2, 8)) for each in (layer, build(), nn.pure(build), build().compile())]
    assert drawn[0].nodes == drawn[1].nodes == drawn[2].nodes == drawn[3].nodes
    assert drawn[0].edges == drawn[1].edges == drawn[2].edges == drawn[3].edges


def test_outputs_have_their_names():
    class Several(nn.Module):
        def forward(self, x, scale=None):
            return {"sum": x + x, "rest": (x * x, None)}

    assert named(purenn.graph(Several(), struct(3))) == {
        ("x", "+"), ("x", "×"), ("+", "output sum"), ("×", "output rest.0"),
    }  # fmt: skip


def test_names_of_inputs_are_those_after_self():
    class Odd(nn.Module):
        def forward(this, m, self):  # noqa: N805
            return m + self

    assert named(purenn.graph(Odd(), struct(3), struct(3))) == {("m", "+"), ("self", "+"), ("+", "output")}


def test_an_output_that_no_input_gives():
    class Constant(nn.Module):
        def forward(self, x):
            return jnp.ones(2)

    class Weight(layers.Layer):
        def parameters(self):
            return {"weight": layers.Spec((2,), 1.0)}

        def forward(self, m, x):
            return m.weight

    assert [node["label"] for node in purenn.graph(Constant(), struct(3)).nodes] == ["x", "output"]
    assert named(purenn.graph(Weight(), struct(3))) == {("weight", "output")}


def test_a_model_as_one_node():
    drawn = purenn.graph(
        nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.Linear(4, 4), nn.ReLU())), struct(1, 4), depth=0
    )
    assert named(drawn) == {("input", "Sequential"), ("Sequential", "output")}


def test_calls_in_loops_and_repeats():
    shared = nn.Linear(4, 4)
    assert named(purenn.graph(nn.Sequential(shared, nn.Tanh(), shared), struct(1, 4))) == {
        ("input", "0"), ("0", "1"), ("1", "0"), ("0", "output"),
    }  # fmt: skip

    class Looped(nn.Module):
        def __init__(self):
            super().__init__()
            self.cells = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)])

        def forward(self, x):
            x = nn.remat(self.cells[0])(x)
            return jax.lax.scan(lambda c, _: (self.cells[1](c), None), x, length=3)[0]

    assert {("x", "cells.0"), ("cells.0", "cells.1"), ("cells.1", "output")} <= named(
        purenn.graph(Looped(), struct(1, 4))
    )


def absolute(part, x=0.0, y=0.0, around=()):
    """The boxes of nodes and blocks, with their enclosing blocks, and the lines, in one coordinate system."""
    boxes, lines = [], [[(x + px, y + py) for px, py in points] for _, points, _ in part.lines]
    for box in part.boxes:
        left, top = x + box.x - box.width / 2, y + box.y
        boxes.append((box, left, top, left + box.width, top + box.height, around))
        if box.inside is not None:
            inner = absolute(box.inside, left, top, (*around, box))
            boxes, lines = boxes + inner[0], lines + inner[1]
    return boxes, lines


@pytest.mark.parametrize("name", MODELS)
def test_nothing_overlaps(name):
    build, inputs = MODELS[name]
    run = trace("graph", build(), tuple(inputs), {})
    boxes, lines = absolute(picture(flow(run, {}, None), _size))
    for i, (a, *first, around) in enumerate(boxes):
        for b, *second, other in boxes[i + 1 :]:
            if a not in other and b not in around:
                assert first[2] <= second[0] or second[2] <= first[0] or first[3] <= second[1] or second[3] <= first[1]
        for outer in around:
            (place,) = (each[1:5] for each in boxes if each[0] is outer)
            assert place[0] <= first[0] and place[1] <= first[1] and first[2] <= place[2] and first[3] <= place[3]
    for points in lines:
        for _, *place, _ in (each for each in boxes if each[0].inside is None):
            for (ax, ay), (bx, by) in itertools.pairwise(points):
                for step in range(1, 40):
                    t = step / 40  # of the curve that is drawn: vertical at both ends
                    x = ax + (bx - ax) * (3 * t**2 - 2 * t**3)
                    y = ay + (by - ay) * (1.5 * t - 1.5 * t**2 + t**3)
                    assert not (place[0] < x < place[2] and place[1] + 0.5 < y < place[3] - 0.5)


@pytest.mark.parametrize("name", MODELS)
def test_pictures_are_well_formed(name, tmp_path):
    build, inputs = MODELS[name]
    drawn = purenn.graph(build(), *inputs)
    drawn.save(tmp_path / "picture.svg")
    root = ElementTree.parse(tmp_path / "picture.svg").getroot()
    space = "{http://www.w3.org/2000/svg}"
    texts = [text.text for text in root.iter(f"{space}text")]
    assert {node["label"] for node in drawn.nodes} <= set(texts)
    assert len(list(root.iter(f"{space}path"))) >= len(drawn.edges)
    assert drawn._repr_svg_() == drawn.svg
    assert "href" not in drawn.svg


def test_names_are_escaped():
    drawn = purenn.graph(layers.Sequential({"<a>&": layers.Linear(2, 2)}), struct(1, 2))
    assert "&lt;a&gt;&amp;" in drawn.svg
    ElementTree.fromstring(drawn.svg)


def test_refusals():
    with pytest.raises(ValueError, match="graph: give the model's inputs"):
        purenn.graph(nn.Linear(2, 2))
    with pytest.raises(TypeError, match="graph: depth must be an integer or None, got 1.5"):
        purenn.graph(nn.Linear(2, 2), struct(1, 2), depth=1.5)
    with pytest.raises(ValueError, match="graph: depth must be at least 0, got -1"):
        purenn.graph(nn.Linear(2, 2), struct(1, 2), depth=-1)
    with pytest.raises(TypeError, match="graph: model must be a layer or a module, got int"):
        purenn.graph(3, struct(1, 2))
