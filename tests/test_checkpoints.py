"""`purenn.load` beside torch's own reader: every format, dtype and kind of view; select and prefixes."""

import io
import json
import struct
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import checkpoint_files
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import safetensors.torch
import torch
from checkpoint_files import rezipped, saved, tar_checkpoint, write
from hypothesis import given, settings
from hypothesis import strategies as st

import purenn
from purenn import nn
from purenn.interop import CheckpointError

FORMATS = {
    "zip": {},
    "legacy": {"_use_new_zipfile_serialization": False},
    "zip, protocol 4": {"pickle_protocol": 4},
    "legacy, protocol 4": {"_use_new_zipfile_serialization": False, "pickle_protocol": 4},
}
WIDE = {torch.float64: np.float32, torch.int64: np.int32, torch.uint64: np.uint32, torch.complex128: np.complex64}
DTYPES = [
    *(torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.bool, torch.complex64, torch.complex128),
    *(torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.uint16, torch.uint32, torch.uint64),
    *(torch.float8_e4m3fn, torch.float8_e4m3fnuz, torch.float8_e5m2, torch.float8_e5m2fnuz, torch.float8_e8m0fnu),
]


def as_bytes(tensor):
    """The bytes of a tensor, also if numpy lacks its dtype."""
    tensor = tensor.detach().resolve_conj().resolve_neg().contiguous()
    return tensor.reshape(-1).clone(memory_format=torch.contiguous_format).view(torch.uint8).numpy().tobytes()


def equal(array, tensor):
    """Whether a numpy or jax array has the dtype, the shape and every bit of a tensor."""
    name = str(tensor.dtype).removeprefix("torch.")
    return (array.dtype.name, array.shape, np.asarray(array).tobytes()) == (name, tuple(tensor.shape), as_bytes(tensor))


def drawn(dtype, *shape):
    bits = torch.randint(0, 100, shape) * 0.25 + 1
    return (bits > 10 if dtype == torch.bool else bits).to(dtype)


@pytest.mark.parametrize("form", FORMATS)
def test_every_dtype(form, tmp_path):
    tensors = {str(dtype): drawn(dtype, 3, 5) for dtype in DTYPES}
    path = write(tmp_path, "x", saved(tensors, **FORMATS[form]))
    host, arrays = purenn.load(path, numpy=True), purenn.load(path)
    assert [*host] == [*arrays] == [*tensors]
    for name, tensor in tensors.items():
        assert type(host[name]) is np.ndarray and equal(host[name], tensor), name
        assert isinstance(arrays[name], jax.Array), name
        narrow = WIDE.get(tensor.dtype)
        expected = host[name] if narrow is None else host[name].astype(narrow)
        assert arrays[name].dtype == expected.dtype and np.asarray(arrays[name]).tobytes() == expected.tobytes(), name


@pytest.mark.filterwarnings("ignore:ComplexHalf")
def test_a_dtype_of_half_complex_numbers_becomes_complex64(tmp_path):
    tensor = torch.complex(torch.tensor([1.5, -2.0]).half(), torch.tensor([0.25, 3.0]).half())
    assert purenn.load(write(tmp_path, "x", saved({"w": tensor})))["w"].tolist() == [1.5 + 0.25j, -2 + 3j]


VIEWS = {
    "a slice": lambda w: w[1:],
    "a step": lambda w: w[:, ::2],
    "a transpose": lambda w: w.t(),
    "a column": lambda w: w[:, 1],
    "a diagonal": lambda w: w.diagonal(),
    "windows": lambda w: w.reshape(-1).unfold(0, 5, 2),
    "a broadcast": lambda w: w[:1].expand(7, 6),
    "a number": lambda w: w[2, 3],
    "nothing": lambda w: w[2:2],
    "one row, kept": lambda w: w.t()[2:3],
    "dimensions exchanged": lambda w: w.reshape(2, 2, 6).permute(2, 0, 1),
}


@pytest.mark.parametrize("form", FORMATS)
def test_every_view(form, tmp_path):
    w = torch.randn(4, 6)
    tensors = {name: view(w) for name, view in VIEWS.items()}
    tensors |= {
        "conj": torch.randn(3, dtype=torch.complex64).conj(),
        "neg": torch.randn(3, dtype=torch.complex64).conj().imag,
    }
    found = purenn.load(write(tmp_path, "x", saved(tensors, **FORMATS[form])))
    for name, tensor in tensors.items():
        assert equal(found[name], tensor), name


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_views_at_random_in_small_pieces(data):
    """Large tensors are read in pieces: along any axis, and within one index of the axis."""
    from purenn.interop.checkpoint import storage

    shape = data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
    w = torch.arange(int(np.prod(shape)), dtype=torch.float32).reshape(shape)
    view = w.permute(data.draw(st.permutations(range(w.ndim))))
    for axis in range(view.ndim):
        first, step = data.draw(st.integers(0, view.shape[axis] - 1)), data.draw(st.integers(1, 3))
        view = view[(slice(None),) * axis + (slice(first, None, step),)]
    raw, before = saved({"w": view}), storage.PIECE_BYTES
    path = Path(checkpoint_files.temporary())
    path.write_bytes(raw)
    storage.PIECE_BYTES = data.draw(st.sampled_from([4, 16, 64]))
    try:
        assert equal(purenn.load(path)["w"], view)
    finally:
        storage.PIECE_BYTES = before


@pytest.mark.parametrize("form", FORMATS)
def test_tied_weights_stay_tied(form, tmp_path):
    w = torch.randn(4, 4)
    content = {"a": w, "b": w, "c": w.view(4, 4), "part": w[:2], "list": [w, 1], "parameter": torch.nn.Parameter(w)}
    found = purenn.load(write(tmp_path, "x", saved(content, **FORMATS[form])))
    assert found["a"] is found["b"] is found["c"] is found["list"][0] is found["parameter"]
    assert found["part"] is not found["a"] and equal(found["part"], w[:2])


def test_a_whole_networks_state_dict(tmp_path):
    theirs = torch.nn.ModuleDict(
        {"conv": torch.nn.Conv2d(1, 2, 3), "norm": torch.nn.BatchNorm2d(2), "rnn": torch.nn.LSTM(3, 2)}
    )
    for form, options in FORMATS.items():
        found = purenn.load(write(tmp_path, "x", saved(theirs.state_dict(), **options)), numpy=True)
        assert [*found] == [*theirs.state_dict()], form
        assert all(equal(found[name], tensor) for name, tensor in theirs.state_dict().items()), form
        assert found._metadata["norm"] == {"version": 2}
    ours = nn.ModuleDict({"conv": nn.Conv2d(1, 2, 3), "norm": nn.BatchNorm2d(2), "rnn": nn.LSTM(3, 2)})
    assert ours.load_state_dict(tmp_path / "x") == ([], [])
    assert all(np.array_equal(ours.state_dict()[name], tensor) for name, tensor in theirs.state_dict().items())


def test_a_tensor_of_cuda(tmp_path):
    """Only the name of the device differs. torch without a GPU refuses such a file."""

    def change(entries):
        entries["archive/data.pkl"] = entries["archive/data.pkl"].replace(
            b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:3"
        )

    w = torch.randn(3)
    raw = rezipped(saved({"w": w}), change)
    assert b"cuda:3" in raw
    with pytest.raises(RuntimeError, match="CUDA"):
        torch.load(io.BytesIO(raw))
    assert equal(purenn.load(write(tmp_path, "x", raw))["w"], w)


def test_a_file_of_a_machine_with_the_high_byte_first(tmp_path):
    tensors = {str(dtype): drawn(dtype, 3, 5) for dtype in DTYPES}

    def change(entries):
        entries["archive/byteorder"] = b"big"
        for i, tensor in enumerate(tensors.values()):
            size = tensor.element_size() // (2 if tensor.is_complex() else 1)
            entries[f"archive/data/{i}"] = np.frombuffer(as_bytes(tensor), f"u{size}").byteswap().tobytes()

    raw = rezipped(saved(tensors), change)
    found, theirs = purenn.load(write(tmp_path, "x", raw), numpy=True), torch.load(io.BytesIO(raw))
    for name, tensor in tensors.items():
        assert equal(found[name], tensor), name
        typed = tensor.dtype in torch.storage._dtype_to_storage_type_map()  # others torch doesn't swap
        assert not typed or torch.equal(theirs[name], tensor), name


def test_the_tar_of_torch_0_1(tmp_path):
    w, d = torch.randn(4, 6), torch.arange(5, dtype=torch.float64)
    state = {"a": w, "t": w.t()[1:3], "d": d, "part": d[1:3]}
    raw = tar_checkpoint(state, {"part": (1, 3)})
    path = write(tmp_path, "x", raw)
    theirs, found = torch.load(path, weights_only=False), purenn.load(path, numpy=True)
    for name, tensor in state.items():
        assert torch.equal(theirs[name], tensor), name
        assert equal(found[name], tensor), name


def test_pickles_of_python_2(tmp_path):
    """A file of torch 1.0 on Python 2: texts are bytes, and an OrderedDict is made from a list."""
    w = torch.arange(4.0)
    raw = saved({"w": w}, _use_new_zipfile_serialization=False)
    text = lambda t: b"X" + struct.pack("<I", len(t)) + t  # noqa: E731
    for t in (b"w", b"storage", b"cpu"):
        assert text(t) in raw
        raw = raw.replace(text(t), b"U" + bytes([len(t)]) + t)
    assert torch.equal(torch.load(io.BytesIO(raw))["w"], w)
    assert equal(purenn.load(write(tmp_path, "x", raw))["w"], w)
    pairs = b"\x80\x02ccollections\nOrderedDict\n](](U\x01aK\x01e](U\x01bK\x02ee\x85R."
    assert purenn.load(write(tmp_path, "y", checkpoint_files.zip_with_pickle(pairs))) == {"a": 1, "b": 2}


def test_zip_without_checksums_or_compressed_or_in_another_folder(tmp_path):
    w = torch.randn(5)
    torch.serialization.set_crc32_options(False)
    try:
        raw = saved({"w": w})
    finally:
        torch.serialization.set_crc32_options(True)
    usual = saved({"w": w})
    renamed = rezipped(usual, lambda entries: [(n.replace("archive/", "model_1/"), c) for n, c in entries.items()])
    for each in (raw, rezipped(usual, lambda entries: None, zipfile.ZIP_DEFLATED), renamed):
        assert equal(purenn.load(write(tmp_path, "x", each))["w"], w)


def names_of(content):
    return content if isinstance(content, dict) else ()


@pytest.mark.parametrize(
    "content",
    [{"w": torch.ones(2)}, [torch.ones(2), {"b": torch.zeros(1)}], torch.ones(3), {"k": {3: torch.ones(1), None: 2.5}}],
    ids=["a dict", "a list", "a tensor", "keys that are no texts"],
)
def test_names_of_other_contents(content, tmp_path):
    found = purenn.load(write(tmp_path, "x", saved(content)))
    names = {dict: ["k.3", "k.None"] if "k" in names_of(content) else ["w"], list: ["0", "1.b"], torch.Tensor: [""]}
    assert [*found] == names[type(content)]


# Parts.

NESTED = {
    "epoch": 3,
    "state_dict": {f"module.{name}": torch.full((2,), i) for i, name in enumerate(("enc.a", "enc.b", "head"))},
    "optimizer": {"state": {0: {"step": torch.tensor(1.0)}}, "param_groups": [{"lr": 0.1, "params": [0]}]},
    "hyper_parameters": Path("elsewhere"),  # what isn't built
}


def test_select_and_strip_prefix(tmp_path):
    path = write(tmp_path, "x.ckpt", saved(NESTED))
    assert [*purenn.load(path, select="state_dict")] == ["module.enc.a", "module.enc.b", "module.head"]
    assert [*purenn.load(path, select="state_dict", strip_prefix="module.")] == ["enc.a", "enc.b", "head"]
    assert [*purenn.load(path, select="state_dict.module", strip_prefix="enc")] == ["a", "b", "head"]
    assert purenn.load(path, select="epoch") == {"epoch": 3}
    assert purenn.load(path, select="optimizer")["param_groups"] == [{"lr": 0.1, "params": [0]}]
    for arguments, message in (
        (
            {},
            r"x\.ckpt: entry 'hyper_parameters': it is an object of pathlib.* neither a tensor.* select='state_dict'",
        ),
        ({"select": "model"}, r"select='model' names nothing; the file has 'epoch', 'state_dict', 'optimizer'"),
        ({"select": "state_dict", "strip_prefix": "net."}, r"strip_prefix='net\.' is the beginning of no name"),
        ({"select": "hyper_parameters"}, r"entry 'hyper_parameters': it is an object of pathlib"),
    ):
        with pytest.raises(CheckpointError, match=message):
            purenn.load(path, **arguments)


def test_strip_prefix_that_makes_two_names_one(tmp_path):
    path = write(tmp_path, "x", saved({"a.w": torch.ones(1), "w": torch.ones(1)}))
    with pytest.raises(CheckpointError, match="leaves two entries of the name 'w'"):
        purenn.load(path, strip_prefix="a")


@pytest.mark.parametrize("form", ["zip", "legacy"])
def test_whole_modules_are_refused_by_name(form, tmp_path):
    net = torch.nn.Sequential(torch.nn.Linear(2, 2))
    for content, entry in ((net, ""), ({"model": net, "epoch": 1}, "entry 'model': ")):
        path = write(tmp_path, "x.pt", saved(content, **FORMATS[form]))
        match = rf"x\.pt: {entry}it is an object of torch\.nn\.modules\.container\.Sequential.*model\.state_dict\(\)"
        with pytest.raises(CheckpointError, match=match):
            purenn.load(path)
    with pytest.raises(CheckpointError, match=r"TorchScript archive.*state_dict"):
        purenn.load(write(tmp_path, "y", scripted(net)))


def scripted(net):
    """A file with the entries of ``torch.jit.save``. The function itself warns."""
    raw = saved(net.state_dict())
    return rezipped(
        raw, lambda entries: [*entries.items(), ("archive/code/__torch__.py", b""), ("archive/constants.pkl", b"")]
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8),
            "it is a quantized tensor: in torch, save tens",
        ),
        (lambda: torch.eye(2).to_sparse(), "it is a sparse tensor: in torch, save tensor.to_dense"),
        (lambda: torch.empty(2, device="meta"), "the tensor has no data"),
        (
            lambda: torch.zeros(2, dtype=torch.uint8).view(torch.float4_e2m1fn_x2),
            "it is a tensor of dtype torch.float4_e2m1fn_x2, which can't be read",
        ),
        (lambda: torch.ones(1).expand(1 << 20, 1 << 20), "it needs 4398046511104 bytes, far more than the file has"),
        (lambda: torch.float32, None),
        (lambda: {1, 2}, None),
        (lambda: torch.Size([2, 3]), None),
        (lambda: np.float64(2.0), "it is an object of numpy"),
    ],
    ids=["quantized", "sparse", "meta", "4 bits", "a broadcast", "a dtype", "a set", "a size", "numpy's number"],
)
@pytest.mark.filterwarnings("ignore:torch.quantize")
def test_leaves_of_other_kinds(make, message, tmp_path):
    path = write(tmp_path, "x", saved({"a": torch.ones(1), "leaf": make()}))
    if message is None:
        expected = make() if not isinstance(make(), torch.dtype) else np.dtype("float32")
        assert purenn.load(path)["leaf"] == expected
    else:
        with pytest.raises(CheckpointError, match=f"entry 'leaf': {message}"):
            purenn.load(path)
        assert [*purenn.load(path, select="a")] == ["a"]


# safetensors.


def test_safetensors_of_torch(tmp_path):
    rejected = {torch.complex128, torch.float8_e8m0fnu} | {torch.float8_e4m3fnuz, torch.float8_e5m2fnuz}
    tensors = {str(dtype): drawn(dtype, 3, 5) for dtype in DTYPES if dtype not in rejected}
    tensors |= {"number": torch.tensor(2.0), "empty": torch.zeros(0, 3)}
    safetensors.torch.save_file(tensors, tmp_path / "x")
    found = purenn.load(tmp_path / "x", numpy=True)
    assert {*found} == {*tensors}
    for name, tensor in tensors.items():
        assert equal(found[name], tensor), name


def test_safetensors_in_shards(tmp_path):
    shards = {
        "m-1.safetensors": {"enc.a": torch.ones(2), "enc.b": torch.randn(3)},
        "m-2.safetensors": {"head": torch.zeros(1)},
    }
    index = {"metadata": {"total_size": 24}, "weight_map": {n: file for file, part in shards.items() for n in part}}
    for file, part in shards.items():
        safetensors.torch.save_file(part, tmp_path / file)
    path = write(tmp_path, "m.safetensors.index.json", json.dumps(index).encode())
    found = purenn.load(path)
    for part in shards.values():
        assert all(equal(found[name], tensor) for name, tensor in part.items())
    (tmp_path / "m-2.safetensors").unlink()
    assert [*purenn.load(path, select="enc")] == ["a", "b"]  # what isn't asked for needn't be there
    with pytest.raises(
        CheckpointError, match=r"index\.json: entry 'head': the file 'm-2\.safetensors' of the index isn't there"
    ):
        purenn.load(path)
    torch.save(shards["m-2.safetensors"], tmp_path / "m-2.safetensors")  # shards of torch's own format
    assert equal(purenn.load(path)["head"], torch.zeros(1))


def test_what_save_model_dropped_is_there_again(tmp_path):
    net = torch.nn.ModuleDict({"a": torch.nn.Linear(2, 2), "b": torch.nn.Linear(2, 2)})
    net["b"].weight = net["a"].weight
    safetensors.torch.save_model(net, str(tmp_path / "x"))
    found = purenn.load(tmp_path / "x")
    assert {*found} == {*net.state_dict()} and found["a.weight"] is found["b.weight"]


# The two that have 64 bits.


@pytest.mark.parametrize("value", [[2**40], [-(2**31) - 1], [1e300]])
def test_numbers_that_jax_would_change_are_refused(value, tmp_path):
    tensor = torch.tensor(value, dtype=torch.float64 if isinstance(value[0], float) else torch.int64)
    path = write(tmp_path, "x", saved({"w": tensor}))
    with pytest.raises(
        CheckpointError, match=r"entry 'w': it has numbers that don't fit in \w+32: .*jax_enable_x64.*numpy=True"
    ):
        purenn.load(path)
    assert purenn.load(path, numpy=True)["w"].tolist() == value
    with jax.enable_x64(True):
        assert purenn.load(path)["w"].tolist() == value


def test_special_numbers(tmp_path):
    tensor = torch.tensor([float("inf"), float("-inf"), float("nan"), 0.1], dtype=torch.float64)
    found = purenn.load(write(tmp_path, "x", saved({"w": tensor})))["w"]
    np.testing.assert_array_equal(found, tensor.numpy().astype(np.float32))


# What it costs.

MEMORY = """
import resource, sys
import jax, purenn
jax.block_until_ready(jax.device_put(jax.numpy.ones(8)))
purenn.load(sys.argv[2])
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
before = peak()
found = jax.block_until_ready(purenn.load(sys.argv[1], select=sys.argv[3] or None))
assert "torch" not in sys.modules
print(peak() - before, sum(array.nbytes for array in {id(a): a for a in found.values()}.values()))
"""


@pytest.mark.parametrize(
    "form", ["zip", *(pytest.param(form, marks=pytest.mark.slow) for form in ("safetensors", "legacy", "tar"))]
)
def test_the_peak_of_memory_is_that_of_the_tensors_asked_for(form, tmp_path):
    """Memory depends only on the requested part, also for views: 48 of 128 MiB. torch is not imported."""
    wanted = {"a": torch.ones(4 << 20), "b": torch.ones(1 << 10, 4 << 10).t(), "half": torch.ones(8 << 20).bfloat16()}
    wanted["tied"] = wanted["a"]
    whole = {"model": wanted, "ema": torch.ones(20 << 20)}
    path, small = tmp_path / "x", tmp_path / "small"
    if form == "safetensors":
        flat = {f"model.{name}": jnp.asarray(tensor.float().numpy()) for name, tensor in wanted.items()}
        purenn.save(path, flat | {"ema": jnp.ones(20 << 20)})
        purenn.save(small, {"a": jnp.ones(2)})
    elif form == "tar":
        del wanted["half"]
        path.write_bytes(
            tar_checkpoint({f"model.{name}": tensor for name, tensor in wanted.items()} | {"ema": whole["ema"]})
        )
        small.write_bytes(tar_checkpoint({"a": torch.ones(2)}))
    else:
        torch.save(whole, path, **FORMATS[form])
        torch.save({"a": torch.ones(2)}, small, **FORMATS[form])
    command = [sys.executable, "-c", MEMORY, str(path), str(small), "model"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    grown, needed = map(int, run.stdout.split())
    assert needed >= 32 << 20
    assert grown < 1.2 * needed, (grown / needed, grown, needed)


def test_the_import_of_purenn_imports_none_of_it():
    code = "import sys, purenn; print([m for m in sys.modules if m.startswith(('purenn.interop', 'safeten', 'torch'))])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def test_tar_members(tmp_path):
    raw = tar_checkpoint({"a": torch.ones(2)})
    with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
        assert tar.getnames() == ["storages", "tensors", "pickle"]
