"""Programs in files: the layer's results for any batch; refusals; damaged and hostile files."""

import functools
import json
import random
import subprocess
import sys

import checkpoint_files
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import export as jax_export

import purenn
from purenn import functional as F
from purenn import interop, layers, nn
from purenn.interop import CheckpointError, exported

LAYER = layers.Sequential(layers.Conv2d(1, 2, 3), layers.BatchNorm2d(2), layers.Flatten(), layers.Linear(32, 3))
X = jnp.asarray(np.random.default_rng(0).normal(size=(5, 1, 6, 6)).astype(np.float32))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    path = tmp_path_factory.mktemp("exported") / "net.purenn"
    params, state = LAYER.init(jax.random.key(0))
    interop.export(LAYER, params, state, X[:2], path=path)
    return path, LAYER.apply(params, state, X)[0]


def test_it_computes_what_the_layer_does(made):
    path, expected = made
    program = interop.load_exported(path)
    np.testing.assert_allclose(program(X), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(jax.jit(program)(X[:1]), expected[:1], rtol=1e-5, atol=1e-6)
    assert repr(program) == "ExportedLayer(float32[b,1,6,6]; cpu)"
    assert program.weights["params.3.weight"].shape == (3, 32)


def test_it_runs_in_a_process_of_its_own(made):
    """The other process has only the file."""
    path, _ = made
    code = (
        "import sys, numpy as np, jax\n"
        "from purenn.interop import load_exported\n"
        "print(load_exported(sys.argv[1])(np.ones((1, 1, 6, 6), np.float32)).shape)"
    )
    run = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=False)
    assert run.stdout == "(1, 3)\n", run.stderr


def test_modules_and_several_inputs(tmp_path):
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(3, 2)

        def forward(self, x, scale, more):
            return {"y": self.linear(x) * scale, "more": F.relu(more["z"])}

    net = Scaled()
    x, scale, z = jnp.ones((2, 3)), jnp.full((1, 2), 2.0), jnp.ones((2, 1))
    interop.export(net, net.params, net.state, x, scale, {"z": z}, path=tmp_path / "x")
    program = interop.load_exported(tmp_path / "x")
    assert program.inputs == ["float32[b,3]", "float32[1,2]", "float32[b,1]"]
    out = program(jnp.ones((7, 3)), scale, {"z": jnp.ones((7, 1))})
    assert out["y"].shape == (7, 2) and out["more"].shape == (7, 1)
    with pytest.raises(
        ValueError, match=r"input 2 of the exported program must be float32\[b,1\], got float32\[6, 1\] \(b = 7\)"
    ):
        program(jnp.ones((7, 3)), scale, {"z": jnp.ones((6, 1))})
    with pytest.raises(ValueError, match="takes 3 inputs of the form"):
        program(jnp.ones((7, 3)), scale)
    interop.export(layers.ReLU(), {}, {}, jnp.ones((2, 3)), shapes=["n, m"], path=tmp_path / "x")
    assert interop.load_exported(tmp_path / "x")(jnp.ones((4, 9))).shape == (4, 9)
    interop.export(layers.ReLU(), {}, {}, jnp.ones((2, 3)), batch=False, path=tmp_path / "x")
    assert interop.load_exported(tmp_path / "x").inputs == ["float32[2,3]"]


class Hourglass(nn.Module):
    """A U-Net of one level."""

    def __init__(self):
        super().__init__()
        self.into = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU())
        self.down = nn.Sequential(
            nn.MaxPool2d(2), nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect"), nn.AvgPool2d(2)
        )
        self.up = nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear"), nn.ConvTranspose2d(4, 4, 2, stride=2))
        self.out = nn.Conv2d(8, 1, 1)

    def forward(self, x):
        x = self.into(x)
        return self.out(jnp.concatenate([x, self.up(self.down(x))], 1))


def test_images_of_any_size(tmp_path):
    net = Hourglass().eval()
    export = functools.partial(interop.export, net, net.params, net.state, X, path=tmp_path / "x")
    with pytest.raises(ValueError, match=r"a multiple such as 8\*h of those that are pooled"):
        export(shapes=["b, 1, h, w"])
    export(shapes=["b, 1, 4*h, 4*w"])
    program = interop.load_exported(tmp_path / "x")
    for size in ((3, 1, 8, 8), (1, 1, 20, 12)):
        x = jax.random.normal(jax.random.key(0), size)
        np.testing.assert_allclose(program(x), net(x), rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError):
        program(X)


def test_inputs_of_another_shape_or_dtype(made):
    program = interop.load_exported(made[0])
    for x, got in (
        (X[:, :, 1:], "float32[5, 1, 5, 6]"),
        (X[0], "float32[1, 6, 6]"),
        (X.astype(int), "int32[5, 1, 6, 6]"),
    ):
        with pytest.raises(
            ValueError, match=r"input 0 of the exported program must be float32\[b,1,6,6\], got "
        ) as caught:
            program(x)
        assert got in str(caught.value)


def test_another_platform(tmp_path):
    interop.export(layers.ReLU(), {}, {}, jnp.ones((2, 3)), path=tmp_path / "x", platforms=("cuda",))
    with pytest.raises(ValueError, match=r"is for cuda, and this is cpu: export it with platforms=\('cpu',\) or more"):
        interop.load_exported(tmp_path / "x")(jnp.ones((2, 3)))
    interop.export(layers.ReLU(), {}, {}, jnp.ones((2, 3)), path=tmp_path / "x", platforms=("cpu", "cuda"))
    assert interop.load_exported(tmp_path / "x").platforms == ("cpu", "cuda")


def test_a_layer_of_one_size_alone(tmp_path):
    class Fixed(layers.Composite):
        def children(self):
            return {}

        def forward(self, m, x):
            return x if x.shape[0] > 2 else x + 1

    with pytest.raises(
        ValueError, match=r"export: the layer doesn't work for inputs float32\[b,3\] of any size: .* batch=False"
    ):
        interop.export(Fixed(), {}, {}, jnp.ones((2, 3)), path=tmp_path / "x")
    assert not (tmp_path / "x").exists()
    with pytest.raises(TypeError, match="give an example of the inputs"):
        interop.export(layers.ReLU(), {}, {}, path=tmp_path / "x")
    with pytest.raises(ValueError, match=r"one shape per array of the example \(1\)"):
        interop.export(layers.ReLU(), {}, {}, jnp.ones(2), shapes=[], path=tmp_path / "x")


# Files that are none.


def with_metadata(path, folder, **changes):
    """The file with another description."""
    metadata = exported.read_metadata(path)
    about = json.loads(metadata[exported.KEY]) | changes
    purenn.save(folder / "x", purenn.load(path, numpy=True), metadata={exported.KEY: json.dumps(about)})
    return folder / "x"


def test_versions_and_descriptions(made, tmp_path):
    path = made[0]
    assert interop.load_exported(with_metadata(path, tmp_path)).inputs
    for changes, message in (
        ({"version": 2}, r"x: the exported program has version 2, this purenn reads up to 1: use a later one"),
        ({"version": "1"}, "has version 1"),
        ({"weights": ["params.0.weight"]}, "the list of weights is not that of the arrays"),
        ({"weights": 3}, "the list of weights"),
        ({"checksum": "0"}, "the checksum is wrong"),
    ):
        with pytest.raises(CheckpointError, match=message):
            interop.load_exported(with_metadata(path, tmp_path, **changes))
    purenn.save(tmp_path / "x", {"w": jnp.ones(1)})
    with pytest.raises(CheckpointError, match=r"x: the file is no exported program: read its arrays by purenn\.load"):
        interop.load_exported(tmp_path / "x")


def forged(folder, function, *arrays):
    """A file with a given program and a correct checksum."""
    raw = function if isinstance(function, bytes) else jax_export.export(jax.jit(function))([], *arrays).serialize()
    raw = np.frombuffer(raw, np.uint8)
    about = {"version": 1, "weights": [], "checksum": exported.checksum([raw])}
    purenn.save(folder / "x", {"program": raw}, metadata={exported.KEY: json.dumps(about)})
    return folder / "x"


def test_programs_that_are_none_or_leave_the_program(tmp_path):
    for raw in (b"", b"nothing", bytes(200)):
        with pytest.raises(CheckpointError, match="x: jax can't read the program"):
            interop.load_exported(forged(tmp_path, raw))
    with pytest.raises(CheckpointError, match="the weights don't fit the program"):
        path = forged(tmp_path, lambda _, x: x, jnp.ones(2))
        with_weight = purenn.load(path, numpy=True) | {"w": np.ones(3, np.float32)}
        about = {"version": 1, "weights": ["w"], "checksum": exported.checksum([*with_weight.values()])}
        purenn.save(path, with_weight, metadata={exported.KEY: json.dumps(about)})
        interop.load_exported(path)


@pytest.mark.parametrize("target", ["xla_ffi_python_cpu_callback", "my_function", "lapack_sgetrf"])
def test_calls_out_of_a_program(target, tmp_path):
    path = forged(tmp_path, lambda _, x: jnp.linalg.eigh(x)[0], jnp.eye(2))
    assert interop.load_exported(path)(jnp.eye(2)).tolist() == [1, 1]  # jax's own, with a call of LAPACK
    for text in (
        f"stablehlo.custom_call @{target}(%0)",
        f'"stablehlo.custom_call"(%0) <{{call_target_name = "{target}"}}>',
    ):
        assert exported._calls(text) == {target}
    assert exported._CALLS.fullmatch(target) is None
    assert exported._CALLS.fullmatch("lapack_sgetrf_ffi")


def test_a_flipped_bit_anywhere(made, tmp_path):
    raw = made[0].read_bytes()
    for seed in range(40):
        rng = random.Random(seed)
        data = bytearray(raw)
        data[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
        try:
            program = interop.load_exported(checkpoint_files.write(tmp_path, "x", bytes(data)))
        except CheckpointError as error:
            message = str(error)
        else:  # of the header's spaces, or of a text that means the same
            message = f"{tmp_path / 'x'} {program.inputs}"
        assert str(tmp_path / "x") in message
