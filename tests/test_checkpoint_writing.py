"""`purenn.save`: files that torch and purenn read, complete or not written at all; exported programs."""

import json
import os
import signal
import stat
import subprocess
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch

import purenn
from purenn import nn
from purenn.interop.checkpoint import writing

ARRAYS = {
    "f32": jnp.arange(6.0).reshape(2, 3),
    "bf16": jnp.ones(3, jnp.bfloat16),
    "f8": jnp.ones(3, jnp.float8_e4m3fn),
    "flag": jnp.array([True, False]),
    "c64": jnp.array([1 + 2j]),
    "count": jnp.array(3),
    "empty": jnp.zeros((0, 2)),
    "host": np.arange(4, dtype=np.int64)[::2],
    "columns": np.asfortranarray(np.arange(6, dtype=np.uint16).reshape(2, 3)),
    "wide": np.arange(3, dtype=">f8"),
}


def test_torch_reads_what_is_saved(tmp_path):
    purenn.save(tmp_path / "x", ARRAYS, metadata={"epoch": "3"})
    theirs, ours = safetensors.torch.load_file(tmp_path / "x"), purenn.load(tmp_path / "x", numpy=True)
    assert {*theirs} == {*ours} == {*ARRAYS}
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(ours[name], np.asarray(array))
        assert tuple(theirs[name].shape) == array.shape and str(theirs[name].dtype) == f"torch.{ours[name].dtype}"
        np.testing.assert_array_equal(
            theirs[name].to(torch.complex64 if name == "c64" else torch.float64).numpy(),
            np.asarray(array).astype(complex if name == "c64" else float),
        )
    with safetensors.safe_open(tmp_path / "x", "numpy") as file:
        assert file.metadata() == {"format": "pt", "epoch": "3"}


def test_a_module_goes_to_torch_and_back(tmp_path):
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    purenn.save(tmp_path / "x", net)
    theirs = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    assert str(theirs.load_state_dict(safetensors.torch.load_file(tmp_path / "x"))) == "<All keys matched successfully>"
    torch.save(theirs.state_dict(), tmp_path / "y")
    other = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    other.load_state_dict(tmp_path / "y")
    assert all((other.state_dict()[name] == array).all() for name, array in net.state_dict().items())


def test_ties_are_kept_as_long_as_they_are_true(tmp_path):
    w = jnp.arange(4.0)
    purenn.save(tmp_path / "x", {"a": w, "b": {"c": w}, "equal": jnp.arange(4.0)})
    found = purenn.load(tmp_path / "x")
    assert found["a"] is found["b.c"] and found["a"] is not found["equal"]
    assert purenn.load(tmp_path / "x", select="b")["c"].tolist() == w.tolist()
    assert {*safetensors.numpy.load_file(tmp_path / "x")} == {"a", "b.c", "equal"}
    with safetensors.safe_open(tmp_path / "x", "numpy") as file:
        metadata = file.metadata()
    safetensors.numpy.save_file({"a": np.zeros(4, "f4"), "b.c": np.ones(4, "f4")}, tmp_path / "x", metadata)
    assert purenn.load(tmp_path / "x")["b.c"].tolist() == [1, 1, 1, 1]
    assert json.loads(metadata["purenn.tied"]) == {"b.c": "a"}


@pytest.mark.parametrize(
    ("arrays", "error", "message"),
    [
        (3, TypeError, "arrays must be a dict of arrays by name or a module, got int"),
        ({"a": 3.0}, TypeError, "'a' must be an array, got float"),
        ({"a": {"b": None}}, TypeError, "'a.b' must be an array, got NoneType"),
        ({"a": np.zeros(1, complex)}, TypeError, "no dtype for 'a', which is complex128"),
        ({"a": np.array(["x"])}, TypeError, "no dtype for 'a', which is <U1"),
        ({"a": np.array([object()])}, TypeError, "no dtype for 'a', which is object"),
        ({"a": jax.random.key(0)}, TypeError, r"'a' is a random key: save jax.random.key_data\(key\)"),
        ({"a": {"b": jnp.ones(1)}, "a.b": jnp.ones(1)}, ValueError, "two arrays have the name 'a.b'"),
        ({1: jnp.ones(1), "1": jnp.ones(1)}, ValueError, "two arrays have the name '1'"),
    ],
)
def test_what_cant_be_saved_leaves_the_old_file(arrays, error, message, tmp_path):
    purenn.save(tmp_path / "x", {"old": jnp.ones(1)})
    with pytest.raises(error, match=message):
        purenn.save(tmp_path / "x", arrays)
    assert [*purenn.load(tmp_path / "x")] == ["old"]
    assert [*tmp_path.iterdir()] == [tmp_path / "x"]


def test_saving_inside_of_a_transformation(tmp_path):
    with pytest.raises(TypeError, match="'a' is a tracer: save outside of jit"):
        jax.jit(lambda x: purenn.save(tmp_path / "x", {"a": x}))(jnp.ones(1))


def test_permissions_links_and_errors(tmp_path, monkeypatch):
    path = tmp_path / "x"
    purenn.save(path, {"a": jnp.ones(1)})
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask
    path.chmod(0o640)
    (tmp_path / "link").symlink_to(path)
    purenn.save(tmp_path / "link", {"a": jnp.zeros(1)})
    assert (tmp_path / "link").is_symlink() and stat.S_IMODE(path.stat().st_mode) == 0o640
    assert purenn.load(path)["a"].tolist() == [0]
    with pytest.raises(OSError, match="full"), writing.write_whole(path) as temporary:
        assert os.path.dirname(temporary) == str(tmp_path)
        raise OSError("the disk is full")
    with pytest.raises(FileNotFoundError):
        purenn.save(tmp_path / "none" / "x", {"a": jnp.ones(1)})
    assert {p.name for p in tmp_path.iterdir()} == {"x", "link"}


KILLED = """
import os, signal, sys
import jax.numpy as jnp, purenn
name, when = sys.argv[1:]
def kill(*_): os.kill(os.getpid(), signal.SIGKILL)
if when == "before the bytes are on the disk": os.fsync = kill
if when == "before the name is changed": os.replace = kill
if when == "while the bytes are written":
    import safetensors
    written = safetensors.serialize_file
    def half(specs, path, metadata):
        written(specs, path, metadata=metadata)
        os.truncate(path, os.path.getsize(path) // 2)
        kill()
    safetensors.serialize_file = half
purenn.save(name, {"w": jnp.ones(1 << 20)})
"""


@pytest.mark.parametrize(
    "when",
    [
        "while the bytes are written",
        pytest.param("before the bytes are on the disk", marks=pytest.mark.slow),
        "before the name is changed",
    ],
)
def test_a_kill_in_the_middle_leaves_the_old_file(when, tmp_path):
    purenn.save(tmp_path / "x", {"old": jnp.ones(1)})
    before = (tmp_path / "x").read_bytes()
    run = subprocess.run(
        [sys.executable, "-c", KILLED, tmp_path / "x", when], check=False, capture_output=True, text=True
    )
    assert run.returncode == -signal.SIGKILL, run.stderr
    assert (tmp_path / "x").read_bytes() == before
    purenn.save(tmp_path / "x", {"new": jnp.ones(1)})
    assert [*purenn.load(tmp_path / "x")] == ["new"]


def test_a_reader_sees_the_old_file_or_the_new_one(tmp_path):
    """Reads while another process saves again and again."""
    path = tmp_path / "x"
    purenn.save(path, {"w": jnp.zeros(1 << 16)})
    code = "import sys, purenn, jax.numpy as jnp\n"
    code += "for i in range(20): purenn.save(sys.argv[1], {'w': jnp.full(1 << 16, float(i))})"
    with subprocess.Popen([sys.executable, "-c", code, str(path)]) as process:
        seen, began = set(), time.monotonic()
        while process.poll() is None and time.monotonic() - began < 60:
            values = np.unique(np.asarray(purenn.load(path)["w"]))
            assert len(values) == 1
            seen.add(float(values[0]))
    assert process.returncode == 0 and len(seen) > 1
