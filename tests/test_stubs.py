"""The view of editors, type checkers, ``help()`` and ``inspect`` on the classes that are made at run time."""

from __future__ import annotations

import importlib.util
import inspect
import json
import pydoc
import subprocess
import sys
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import pytest
import torch

from purenn import layers, nn

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def stubs() -> Any:
    spec = importlib.util.spec_from_file_location("stubs", ROOT / "tools" / "stubs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_stubs_are_fresh(stubs: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert stubs.main(["--check"]) == 0, capsys.readouterr().out


def test_stale_stubs_are_told(stubs: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stubs.Stub, "text", lambda self, describe: "class New: ...\n")
    assert stubs.main(["--check"]) == 1
    out = capsys.readouterr().out
    assert "purenn/nn/__init__.pyi is stale: run `python tools/stubs.py`" in out
    assert "+class New: ..." in out


def halved(cls: Any, size: int, /, *arrays: Any, name: str = "it") -> tuple[str, ...]:
    """A method with all kinds of parameters."""
    return (name,)


def test_further_methods_are_written(stubs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nn.Linear, "halved", classmethod(halved), raising=False)
    text = "\n".join(stubs.methods(stubs.Stub(nn), nn.Linear))
    line = '    def halved(cls, size: int, /, *arrays: Any, name: str = "it") -> tuple[str, ...]: ...'
    assert f"    @classmethod\n{line}" in text


def test_a_class_without_an_example_is_refused(stubs: Any) -> None:
    class Undocumented(layers.Layer):
        """A class without an example."""

    with pytest.raises(ValueError, match=r"Undocumented's docstring has no example that calls layers\.Undocumented"):
        stubs.example(Undocumented)


@pytest.mark.parametrize(
    ("kind", "given", "value", "left"),
    [
        ("int | tuple[int, ...]", 3, (3, 3), "tuple[int, ...]"),
        ("int | tuple[int, ...]", 3, 3, "int | tuple[int, ...]"),
        ("int | tuple[int, ...] | str", 0, (0, 0), "tuple[int, ...] | str"),
        ("int | tuple[int, ...] | None", None, 3, "int | tuple[int, ...]"),
        ("dict[str, int | None] | None", None, {}, "dict[str, int | None]"),
        ("float", 1, 1.0, "float"),
        ("int", 1, 1.0, "int"),
    ],
)
def test_hyperparameters_have_the_type_they_are_kept_as(
    stubs: Any, kind: str, given: Any, value: Any, left: str
) -> None:
    assert stubs.narrowed(kind, given, value) == left


# A checker over a file of a user's. Lines that end in `# wrong` must each have an error, and no others.

SAMPLE = """
from typing import Any, assert_type

import jax
import jax.numpy as jnp
import optax

import purenn
import purenn.nn.functional as FF
import purenn.nn.utils.rnn
from purenn import functional as F
from purenn import layers, nn, utils
from purenn.nn.attention import SDPBackend, sdpa_kernel
from purenn.nn.utils.parametrizations import weight_norm
from purenn.utils import prune

x = jnp.ones((2, 3, 8, 8))
conv = nn.Conv2d(3, 16, 3, padding=1)
assert_type(conv, nn.Conv2d)
assert_type(conv.weight, jax.Array)
conv(x)
conv(x, training=True, rng=jax.random.key(0))
conv.weight = nn.Parameter(jnp.zeros_like(conv.weight))
print(conv.weight.shape, conv.kernel_size[0], conv.out_channels + 1, conv.train().eval())
nn.Conv2d(3, 16, kernel_size=(3, 3), stride=2, padding="same", bias=False)
nn.BatchNorm2d(16, 1e-5, None, bias=False).running_mean.mean()

linear = nn.Linear(3, 2, dtype=jnp.float32)
assert_type(linear(jnp.ones((1, 3))), jax.Array)
assert_type(nn.CrossEntropyLoss(reduction="sum")(x, x), jax.Array)
assert_type(nn.CrossEntropyLoss().weight, jax.Array | None)
nn.MaxPool2d([3, 3], stride=2)
nn.Identity(1, unused=2)


class Scaled(nn.Linear):
    def __init__(self, size: int):
        super().__init__(size, size)
        self.scale = nn.Parameter(jnp.ones(size))

    def forward(self, x):
        return self.scale * super().forward(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.blocks = nn.ModuleList([Scaled(3) for _ in range(2)])
        self.register_buffer("seen", jnp.zeros(()))

    def forward(self, x: jax.Array) -> jax.Array:
        return F.relu(self.norm(self.conv(x)))


net = Net()
net(x)
Scaled(3)(jnp.ones((1, 3)))
print(isinstance(Scaled(3), nn.Linear), net.conv.weight.shape, net.params, net.state_dict())
for module in net.modules():
    if isinstance(module, nn.Conv1d | nn.Conv2d):
        assert_type(module.weight, jax.Array)
nn.Sequential(nn.Linear(3, 8), nn.GELU(approximate="tanh"), nn.Linear(8, 2))(x)
nn.Sequential({"hidden": linear})[0]
nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2), 2, nn.LayerNorm(8))
nn.AdaptiveLogSoftmaxWithLoss(8, 20, cutoffs=[4, 10])
net.params = {**net.params, "weight": jnp.zeros(())}
assert_type(net.params, dict[str, Any])

params, state = layers.GELU().init(jax.random.key(0))
y, state = layers.GELU().apply(params, state, x, training=True)
init, apply = layers.Conv2d(3, 16, 3, padding=1)
layers.Sequential(layers.Linear(3, 2), layers.ReLU(), layers.Softmax(dim=-1))
assert_type(layers.Softmax(dim=-1).dim, int | None)
layers.MaxPool2d([3, 3], 2)


def loss_fn(net: Net, x: jax.Array) -> jax.Array:
    return net(x).mean()


nn.manual_seed(0)
opt = nn.Optimizer(net, optax.adam(1e-3))
opt.step(loss_fn, x)
purenn.Optimizer(net, optax.sgd(0.1), donate=True)
y, state = nn.functional_call(net, net.params, net.state, x, training=True, rng=jax.random.key(0))
init, apply = nn.pure(Net)
assert_type(nn.init.xavier_uniform_(linear.weight, gain=2.0), jax.Array)
nn.init.normal(std=0.1)(jax.random.key(0), (2, 3))
FF.relu(nn.functional.gelu(x))
purenn.nn.utils.rnn.pad_sequence([x, x])
nn.utils.rnn.pad_sequence([x, x])
nn.utils.clip_grad_norm([x], 1.0)
weight_norm(linear)
with sdpa_kernel(nn.attention.SDPBackend.MATH):
    pass

nn.Conv2d(3, 16, 3, paddding=1)  # wrong
nn.Conv2d(3, 16)  # wrong
nn.Conv2d(3, 16, "3")  # wrong
nn.Linear(3, 2, True, None, None, 0)  # wrong
nn.ReLU(0.5, True)  # wrong
nn.Conf2d(3, 16, 3)  # wrong
nn.Pool(3)  # wrong
nn.Layer()  # wrong
linear(x, x)  # wrong
linear("x")  # wrong
linear()  # wrong
linear(x, train=True)  # wrong
linear.bias.shapes  # wrong
nn.CrossEntropyLoss()(x)  # wrong
nn.BatchNorm2d(16, 1e-5, 0.1, True, True, None, None, False)  # wrong
nn.Optimizer(net)  # wrong
nn.init.xavier_(linear.weight)  # wrong
nn.utils.clip_grad_norm_(x, 1.0)  # wrong
nn.attention.flash  # wrong
nn.functional_call(net, net.params)  # wrong
layers.GELU(approximat="tanh")  # wrong
layers.MaxPool2d()  # wrong
layers.Conv2d(3, 16)  # wrong
layers.Functional  # wrong
layers.Linear(3, 2).in_feature  # wrong
layers.Linear(3, 2).init(jax.random.key(0), seed=1)  # wrong
layers.Linear(3, 2).apply({}, {}, x, training="yes")  # wrong
F.relu(input=x, inplaced=True)  # wrong
F.conv2d(x, x, stride="2")  # wrong
F.conv2d(x)  # wrong
F.dropout(x, "0.5")  # wrong
F.dropout(x, 0.5, True, seed=0)  # wrong
F.cross_entropy(x, x, reduction=None)  # wrong
F.layer_norm(x, "4")  # wrong
F.max_pool2d(x, 2, return_index=True)  # wrong
F.scaled_dot_product(x, x, x)  # wrong
F.one_hot(x, num_classes="3")  # wrong
F.relu(x).shapes  # wrong
utils.weight_norm(linear, "weight", "0")  # wrong
utils.weight_norm(3)  # wrong
prune.l1_unstructured(linear, "weight", "half")  # wrong
"""


def test_pyright_sees_what_is_right_and_what_is_wrong(tmp_path: Path) -> None:
    pytest.importorskip("pyright")
    (tmp_path / "sample.py").write_text(SAMPLE)
    files = [tmp_path / "sample.py", ROOT / "purenn" / "nn" / "__init__.pyi"]
    pyright = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--outputjson"]
    run = subprocess.run([*pyright, *map(str, files)], cwd=ROOT, capture_output=True, text=True, check=False)
    errors: dict[str, dict[int, str]] = {"sample.py": {}, "__init__.pyi": {}}
    for found in json.loads(run.stdout)["generalDiagnostics"]:
        if found["severity"] == "error":
            errors[Path(found["file"]).name][found["range"]["start"]["line"]] = found["message"]
    wrong = [i for i, line in enumerate(SAMPLE.split("\n")) if line.endswith("# wrong")]
    assert {i: m for i, m in errors["sample.py"].items() if i not in wrong} == {}
    assert [SAMPLE.split("\n")[i] for i in wrong if i not in errors["sample.py"]] == []
    assert errors["__init__.pyi"] == {}


# What Python itself sees.

MADE = {name: c for name, c in vars(nn).items() if isinstance(c, type) and "_layer_class" in vars(c)}
SHARED = sorted(
    name for name, c in vars(nn).items() if isinstance(c, type) and isinstance(getattr(torch.nn, name, None), type)
)


def parameters(cls: type) -> list[tuple[str, Any, Any]]:
    def plain(default: Any) -> Any:
        if isinstance(default, list | tuple):
            return tuple(map(plain, default))
        return default.__name__ if inspect.isfunction(default) or inspect.isbuiltin(default) else default

    if cls.__init__ is torch.nn.Module.__init__:  # it takes any arguments, to refuse them
        return []
    return [(p.name, p.kind, plain(p.default)) for p in inspect.signature(cls).parameters.values()]


@pytest.mark.parametrize("name", SHARED)
def test_constructors_are_torchs(name: str) -> None:
    expected = parameters(getattr(torch.nn, name))
    if any(kind is inspect.Parameter.VAR_POSITIONAL for _, kind, _ in expected) and name not in (
        "Sequential",
        "Identity",
    ):
        pytest.skip("torch's takes *args, which say nothing")
    assert parameters(getattr(nn, name)) == expected


@pytest.mark.parametrize("name", sorted(MADE))
def test_classes_are_classes(name: str) -> None:
    cls = MADE[name]
    first = (cls.__doc__ or "").split("\n")[0]
    assert first
    assert first in pydoc.plain(pydoc.render_doc(cls))
    assert (cls.__name__, cls.__module__) == (name, "purenn.nn")
    assert issubclass(cls, nn.Module)
    assert inspect.signature(cls) == inspect.signature(getattr(layers, name))
    assert list(inspect.signature(cls.__init__).parameters) == ["self", *inspect.signature(cls).parameters]


def test_isinstance_and_subclassing() -> None:
    class Doubled(nn.Linear):
        """A subclass of a class that was made at run time."""

        def __init__(self, size: int):
            super().__init__(size, size, bias=False)

        def forward(self, x: Any) -> Any:
            return 2 * super().forward(x)

    doubled = Doubled(3)
    doubled.weight = jnp.eye(3)
    assert doubled(jnp.ones((1, 3))).tolist() == [[2.0, 2.0, 2.0]]
    assert isinstance(doubled, nn.Linear)
    assert isinstance(doubled, nn.Module)
    assert not isinstance(nn.Conv1d(1, 1, 1), nn.Conv2d)
    assert type(nn.Sequential(nn.ReLU())[0]) is nn.ReLU
    assert nn.stateful(layers.Linear) is nn.Linear
