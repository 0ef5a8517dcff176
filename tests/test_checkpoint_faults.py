"""Damaged and hostile checkpoints: an error that names the file and the entry; no code runs, no memory is filled."""

import functools
import json
import os
import pickle
import random
import resource
import struct
import time
import zipfile
import zlib

import checkpoint_files
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from checkpoint_files import rezipped, safetensors_file, saved, tar_checkpoint, tensor_pickle, write, zip_with_pickle

import purenn
from purenn.interop import CheckpointError

WHOLE = {"a": torch.arange(6.0).reshape(2, 3), "n": 3}


def refused(path, match=None, **options):
    """The message of the refusal. Asserts that it names the file, and that memory and time stay small."""
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    with pytest.raises(CheckpointError, match=match) as caught:
        purenn.load(path, **options)
    assert str(path) in str(caught.value)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 << 10
    assert time.perf_counter() - began < 5
    assert len(str(caught.value)) < 2000
    return str(caught.value)


# Pickles that would run code.


class Calls:
    """An object whose pickle calls a function."""

    def __init__(self, function, *args):
        self.function, self.args = function, args

    def __reduce__(self):
        return self.function, self.args


def asking_for(name, *args):
    """The pickle of ``{"w": name(*args)}``, whether or not the function exists."""
    module, _, function = name.rpartition(".")
    return b"\x80\x02}X\x01\x00\x00\x00wc" + f"{module}\n{function}\n".encode() + pickle.dumps(args, 2)[2:-1] + b"Rs."


DANGEROUS = [
    *(
        "os.system",
        "posix.system",
        "nt.system",
        "builtins.eval",
        "builtins.exec",
        "builtins.__import__",
        "builtins.open",
    ),
    *("__builtin__.eval", "__builtin__.execfile", "subprocess.Popen", "runpy.run_path", "importlib.import_module"),
    *(
        "shutil.rmtree",
        "pickle.loads",
        "socket.create_connection",
        "sys.exit",
        "ctypes.CDLL",
        "multiprocessing.Process",
    ),
]
UNKNOWN = [
    "numpy.load",
    "torch.load",
    "torch.hub.load",
    "operator.attrgetter",
    "functools.partial",
    "mine.Net",
    "a.b.c",
]
UNKNOWN += ["builtins.getattr", "torch.jit.load", "torch.utils.cpp_extension.load", "purenn.load", "pathlib.Path"]


@pytest.mark.parametrize("name", DANGEROUS)
def test_what_runs_code_is_refused_in_any_part_of_a_file(name, tmp_path):
    path = write(tmp_path, "x", zip_with_pickle(asking_for(name, "touch here")))
    refused(path, rf"entry 'data\.pkl': the pickle asks for {name.replace('__builtin__', 'builtins')}: that runs code")
    refused(path, "runs code", select="elsewhere")


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_unknown_is_not_built(name, tmp_path):
    path = write(tmp_path, "x", zip_with_pickle(asking_for(name, "here")))
    refused(path, f"entry 'w': it is an object of {name}, which is neither a tensor nor a plain container")


@pytest.mark.parametrize("form", ["zip", "legacy", "tar", "protocol 0", "protocol 4"])
def test_no_code_runs(form, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    evil = {"a": torch.ones(1), "b": Calls(os.system, "touch ran"), "c": Calls(exec, "open('ran', 'w')")}
    if form == "tar":
        raw = tar_checkpoint({"a": torch.ones(1)}).replace(b"cposix\nsystem", b"")
        at = raw.index(b"\x80\x02}", raw.index(b"pickle\0"))
        raw = raw[:at] + b"cposix\nsystem\n(X\x09\x00\x00\x00touch rantR." + raw[at + 40 :]
    elif form.startswith("protocol"):
        raw = zip_with_pickle(pickle.dumps({"b": evil["b"], "c": evil["c"]}, int(form[-1])))
    else:
        raw = saved(evil, _use_new_zipfile_serialization=form == "zip")
    refused(write(tmp_path, "x", raw), "asks for posix.system")
    assert [*tmp_path.iterdir()] == [tmp_path / "x"]


@pytest.mark.parametrize(
    "pickled",
    [
        b"\x80\x02ccollections\nOrderedDict\n)R}X\x08\x00\x00\x00__init__cos\nsystem\nsb.",
        b"\x80\x02\x82\x01.",  # copyreg's registry
        b"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x8c\x06system\x93\x8c\x01x\x85R.",
        b"(S'x'\nios\nsystem\n.",
        b"(cos\nsystem\nS'x'\no.",
        b"\x80\x02cos\nsystem\nX\x01\x00\x00\x00x\x85\x81.",
        b"\x80\x02X\x01\x00\x00\x00xcos\nsystem\n\x85R.",
        b"\x80\x02ctorch\nFloatStorage\nX\x01\x00\x00\x00x\x85R.",
        b"\x80\x02K\x01K\x01\x85R.",
    ],
)
def test_every_way_to_call(pickled, tmp_path):
    refused(write(tmp_path, "x", zip_with_pickle(pickled)), "pickle")


# Damage.


def cases():
    """Faulty files by name, with a pattern for the message."""
    raw, old = saved(WHOLE), saved(WHOLE, _use_new_zipfile_serialization=False)
    at = old.index(np.arange(6, dtype=np.float32).tobytes())
    entry = raw.index(np.arange(6, dtype=np.float32).tobytes())
    flipped = bytearray(raw)
    flipped[entry + 4] ^= 1
    return {
        "empty": (b"", "the file is empty"),
        "of zeros": (bytes(600), "unknown kind"),
        "a text": (b"hello", "unknown kind"),
        "numpy's": (b"\x93NUMPY\x01\x00", "numpy.load"),
        "another zip": (rezipped(raw, lambda e: [("a.npy", b"")]), "numpy.load"),
        "no zip": (b"PK\x03\x04" + bytes(100), "damaged"),
        "zip, truncated": (raw[:-20], "damaged"),
        "zip, truncated in the middle": (raw[: entry + 2], "damaged"),
        "zip, a bit flipped in a tensor": (
            bytes(flipped),
            "entry 'a': the checksum of entry 'archive/data/0' is wrong",
        ),
        "zip, without a storage": (rezipped(raw, without("archive/data/0")), "no entry 'archive/data/0'"),
        "zip, a short storage": (
            rezipped(raw, changed("archive/data/0", bytes(20))),
            "must have 24 bytes, its entry has 20",
        ),
        "zip, an unknown byte order": (
            rezipped(raw, changed("archive/byteorder", b"odd")),
            "little or big, got b'odd'",
        ),
        "legacy, truncated": (old[: at + 10], "storage '[0-9]+' announces 6 elements"),
        "legacy, truncated before": (old[: at - 4], "truncated"),
        "legacy, another magic": (old.replace(b"\x6c\xfc\x9c\x46", b"\x6c\xfc\x9c\x47"), "not with torch's"),
        "legacy, more elements": (old[: at - 8] + struct.pack("<q", 7) + old[at:], "announces 7 elements"),
        "legacy, negative": (old[: at - 8] + struct.pack("<q", -1) + old[at:], "announces -1 elements"),
        "tar, truncated": (tar_checkpoint({"a": torch.ones(9)})[:800], "truncated|no tensors"),
        "safetensors, truncated": (
            safetensors_file(header(a=("F32", [2], [0, 8])), bytes(4)),
            "safetensors can't read it",
        ),
        "index, no map": (b"{}", "no weight_map"),
        "index, damaged": (b'{"weight_map": {', "its JSON is damaged"),
        "index, twice": (b'{"weight_map": {"a": "x", "a": "y"}}', "the name 'a' is there twice"),
        "index, deep": (b'{"weight_map": ' + b"[" * 100_000, "its JSON is damaged"),
    }


def header(**tensors):
    return {n: {"dtype": d, "shape": s, "data_offsets": o} for n, (d, s, o) in tensors.items()}


def without(name):
    return lambda entries: entries.pop(name) and None


def changed(name, content):
    return lambda entries: entries.update({name: content})


CASES = cases()


@pytest.mark.parametrize("name", CASES)
def test_damage(name, tmp_path):
    raw, message = CASES[name]
    refused(write(tmp_path, "x", raw), message)


@pytest.mark.parametrize("place", ["../x", "/etc/passwd", "a/b", "..", "", "C:x", "a\\b", 3, None])
def test_paths_of_an_index(place, tmp_path):
    path = write(tmp_path, "x.json", json.dumps({"weight_map": {"w": place}}).encode())
    refused(path, "entry 'w': .* must be a file beside the index")


def test_a_folder_and_a_path_that_is_none(tmp_path):
    refused(tmp_path, "it is a folder")
    with pytest.raises(FileNotFoundError):
        purenn.load(tmp_path / "none")
    with pytest.raises(TypeError, match="path must be a path, got dict"):
        purenn.load({})
    with pytest.raises(TypeError, match="select must be a name, as in select='state_dict', got list"):
        purenn.load(tmp_path, select=["a"])


# Zips.


@pytest.mark.parametrize("name", ["../../x", "/etc/passwd", "a/../../x", "..\\x", "C:\\x", "archive/../x"])
def test_paths_inside_of_a_zip(name, tmp_path):
    path = write(tmp_path, "x", rezipped(saved(WHOLE), lambda entries: entries.update({name: b"x"})))
    refused(path, "an entry with the path '.*', which leads elsewhere")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_entry_twice(tmp_path):
    raw = rezipped(saved(WHOLE), lambda entries: [*entries.items(), ("archive/data/0", bytes(24))])
    refused(write(tmp_path, "x", raw), "the zip has the entry 'archive/data/0' twice")


@functools.cache
def large_zip():
    """A zip with a storage of 600 MiB in 600 kB."""
    return rezipped(saved({"w": torch.ones(2)}), changed("archive/data/0", bytes(600 << 20)), zipfile.ZIP_DEFLATED)


def bomb(declared):
    """The zip with another declared size."""
    raw = large_zip()
    if declared is None:
        return raw
    sizes = struct.pack("<I", 600 << 20)
    assert raw.count(sizes) >= 1
    return raw.replace(sizes, struct.pack("<I", declared))


@pytest.mark.parametrize("declared", [None, 8, 0xFFFFFFFF, 1 << 20])
def test_bombs(declared, tmp_path):
    raw = bomb(declared)
    assert len(raw) < 1 << 20
    small = declared is not None and declared <= 1 << 20
    refused(
        write(tmp_path, "x", raw), "declares .* bytes, which it doesn't have" if small else "far more than the file has"
    )


def test_overlapping_entries(tmp_path):
    """The directory entry of one storage points to the data of another."""
    raw = bytearray(saved({"a": torch.ones(2), "b": torch.zeros(2)}))
    first, second = (raw.index(b"archive/data/" + n, raw.index(b"PK\x01\x02")) - 46 for n in (b"0", b"1"))
    raw[second + 42 : second + 46] = raw[first + 42 : first + 46]
    refused(write(tmp_path, "x", bytes(raw)), "overlaps another|another name in its header")


# Tensors.

REACHING = {
    "one element too many": {"shape": (5,)},
    "an offset": {"offset": 1},
    "an offset below 0": {"offset": -1},
    "a stride": {"shape": (2,), "strides": (4,)},
    "a stride below 0": {"strides": (-1,), "offset": 3},
    "a size below 0": {"shape": (-4,)},
    "two sizes below 0": {"shape": (-2, -2), "strides": (2, 1)},
    "a huge size": {"shape": (1 << 62,)},
    "sizes whose product is 2**64": {"shape": (1 << 32, 1 << 32), "strides": (1, 1)},
    "a broadcast of a terabyte": {"shape": (1 << 38,), "strides": (0,)},
    "a huge storage": {"numel": 1 << 50},
    "a storage below 0": {"numel": -4},
    "a storage that is larger than its bytes": {"numel": 5, "shape": (5,)},
    "more strides than sizes": {"strides": (1, 1)},
    "200 dimensions": {"shape": (1,) * 200, "strides": (1,) * 200},
    "another storage": {"key": "1"},
    "a storage elsewhere": {"key": "../data.pkl"},
    "an unknown dtype": {"kind": "FancyStorage"},
    "a quantized dtype": {"kind": "QInt8Storage"},
    "an unknown function": {"rebuild": "_rebuild_fancy"},
    "booleans of other bytes": {"kind": "BoolStorage"},
}


@pytest.mark.parametrize("name", REACHING)
def test_tensors_that_are_no_tensors(name, tmp_path):
    raw = zip_with_pickle(tensor_pickle(**REACHING[name]), b"\x02" * 16)
    message = refused(write(tmp_path, "x", raw))
    assert "'w'" in message or "data.pkl" in message, message


def test_an_offset_is_a_number(tmp_path):
    pickled = tensor_pickle(offset=99).replace(b"\x8a\x10c" + bytes(15), b"X\x01\x00\x00\x00c")
    refused(write(tmp_path, "x", zip_with_pickle(pickled, bytes(16))), "entry 'w': a tensor's offset must be a number")


def test_an_ordered_dict_is_made_of_a_list(tmp_path):
    pickled = b"\x80\x02ccollections\nOrderedDict\nK\x01\x85R."
    refused(write(tmp_path, "x", zip_with_pickle(pickled)), "a container that is made of no list")


def test_the_tensor_itself_is_one(tmp_path):
    found = purenn.load(write(tmp_path, "x", zip_with_pickle(tensor_pickle(), np.arange(4, dtype="f4").tobytes())))
    assert found["w"].tolist() == [0, 1, 2, 3]
    view = tensor_pickle(offset=1, shape=(2, 2), strides=(1, 1))
    found = purenn.load(write(tmp_path, "x", zip_with_pickle(view, np.arange(4, dtype="f4").tobytes())))
    assert found["w"].tolist() == [[1, 2], [2, 3]]


SAFETENSORS = {
    "a header longer than the file": struct.pack("<Q", 1 << 40) + b"{}",
    "an unknown dtype": safetensors_file(header(a=("F99", [2], [0, 8])), bytes(8)),
    "a size below 0": safetensors_file(header(a=("F32", [-2], [0, 8])), bytes(8)),
    "a huge size": safetensors_file(header(a=("F32", [1 << 62, 1 << 62], [0, 8])), bytes(8)),
    "a shape that isn't that of the bytes": safetensors_file(header(a=("F32", [3], [0, 8])), bytes(8)),
    "bytes outside of the file": safetensors_file(header(a=("F32", [2], [8, 16])), bytes(8)),
    "bytes backwards": safetensors_file(header(a=("F32", [2], [8, 0])), bytes(8)),
    "two tensors of the same bytes": safetensors_file(header(a=("F32", [2], [0, 8]), b=("F32", [2], [0, 8])), bytes(8)),
    "a hole": safetensors_file(header(a=("F32", [1], [0, 4]), b=("F32", [1], [8, 12])), bytes(12)),
    "more bytes than tensors": safetensors_file(header(a=("F32", [1], [0, 4])), bytes(12)),
    "no JSON": safetensors_file(b"{nothing}", bytes(8)),
    "a name twice": safetensors_file(
        b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}}',
        bytes(4),
    ),
    "metadata that is no text": safetensors_file({"__metadata__": {"a": 3}}),
}


@pytest.mark.parametrize("name", SAFETENSORS)
def test_safetensors_that_are_none(name, tmp_path):
    refused(write(tmp_path, "x", SAFETENSORS[name]))


# Pickles of endless content in few bytes.


def nested_dicts(levels):
    """Nested dicts that contain the same dict twice: 2**levels names."""
    body = b"}q\x00X\x01\x00\x00\x00aK\x01s"
    for i in range(levels):
        body += b"}X\x01\x00\x00\x00lh" + bytes([i]) + b"sX\x01\x00\x00\x00rh" + bytes([i]) + b"sq" + bytes([i + 1])
    return body


ENDLESS = {
    "a dict in itself": b"\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s.",
    "a list in itself": b"\x80\x02}X\x01\x00\x00\x00a]q\x00h\x00as.",
    "2**60 names": b"\x80\x02" + nested_dicts(60) + b".",
    "deep lists": b"\x80\x02}X\x01\x00\x00\x00a" + b"]" * 50_000 + b"a" * 49_999 + b"s.",
    "deep tuples as a key": b"\x80\x02}" + b")" + b"\x85" * 50_000 + b"K\x01s.",
    "a key with 2**60 parts": b"\x80\x02})" + b"2\x86" * 60 + b"K\x01s.",
    "a text of 4 GiB": b"\x80\x02X\xff\xff\xff\xffabc.",
    "a text of 2**63 bytes": b"\x80\x04\x8d" + b"\xff" * 8 + b"abc.",
    "a number of 2 GiB": b"\x80\x02\x8b\xff\xff\xff\x7fabc.",
    "a far place of the memo": b"\x80\x02K\x01r\xff\xff\xff\xffj\xfe\xff\xff\xff.",
    "a number of a million digits": b"I" + b"9" * 60_000 + b"\n.",
    "no end": b"\x80\x02}",
    "nothing": b".",
    "a mark": b"(.",
    "a name twice": b"\x80\x02}(X\x01\x00\x00\x00aK\x01X\x01\x00\x00\x00aK\x02u.",
    "two keys of one name": b"\x80\x02}(X\x01\x00\x00\x001K\x01K\x01K\x02u.",
    "an unknown operation": b"\x80\x02\xff.",
    "appending to a number": b"\x80\x02K\x01K\x02a.",
    "items of a number": b"\x80\x02K\x01K\x02K\x03s.",
    "a call of a number": b"\x80\x02K\x01)R.",
    "a persistent id of another kind": b"\x80\x02X\x01\x00\x00\x00aQ.",
    "text that is none": b"\x80\x02X\x02\x00\x00\x00\xff\xfe.",
}


@pytest.mark.parametrize("name", ENDLESS)
def test_pickles_of_endless_content(name, tmp_path):
    message = refused(write(tmp_path, "x", zip_with_pickle(ENDLESS[name])))
    assert "x: " in message


def test_a_list_twice_in_each_of_many_lists_is_read_once(tmp_path):
    content = []
    for _ in range(50):
        content = [content, content]
    found = purenn.load(write(tmp_path, "x", zip_with_pickle(pickle.dumps({"a": content}, 2))))["a"]
    assert found[0] is found[1]


# Fuzzing; `make fuzz` runs more.


@pytest.mark.parametrize("seed", range(4))
def test_mutated_files_are_read_or_refused(seed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    files = checkpoint_files.seeds()
    write(tmp_path, "x.st", files["safetensors"])
    outcomes = []
    for number in range(60):
        rng = random.Random(f"{seed} {number}")
        path = write(tmp_path, "mutant", checkpoint_files.mutated(rng.choice([*files.values()]), rng))
        began = time.perf_counter()
        try:
            purenn.load(path, numpy=True)
            outcomes.append("read")
        except CheckpointError as error:
            outcomes.append("refused" if str(path) in str(error) else str(error))
        assert time.perf_counter() - began < 5, number
    assert {*outcomes} == {"read", "refused"}
    assert {p.name for p in tmp_path.iterdir()} == {"x.st", "mutant"}


def test_the_seeds_are_read(tmp_path):
    files = checkpoint_files.seeds()
    write(
        tmp_path,
        "x.st",
        checkpoint_files.safetensors_file(
            {"a": header(a=("F32", [1], [0, 4]))["a"], "b": header(b=("F32", [1], [4, 8]))["b"]}, bytes(8)
        ),
    )
    for name, raw in files.items():
        assert purenn.load(write(tmp_path, name, raw), numpy=True), name


def test_a_failed_load_leaves_the_module(tmp_path):
    net = purenn.nn.Linear(3, 2)
    before = net.state_dict()
    path = write(tmp_path, "x", saved({"weight": torch.ones(2, 3), "bias": Calls(os.getcwd)}))
    with pytest.raises(ValueError, match="asks for posix.getcwd"):
        net.load_state_dict(path)
    assert all(net.state_dict()[name] is array for name, array in before.items())


def test_checksums_of_parts(tmp_path):
    """A flipped bit of a storage is found when any view of the storage is read, even if the bit is outside the view."""
    w = torch.arange(8.0)
    raw = bytearray(saved({"w": w[2:4]}))
    at = raw.index(w.numpy().tobytes())
    raw[at + 28] ^= 1
    assert zlib.crc32(bytes(raw[at : at + 32])) != zlib.crc32(w.numpy().tobytes())
    refused(write(tmp_path, "x", bytes(raw)), "checksum")
    assert jnp.asarray(purenn.load(write(tmp_path, "x", saved({"w": w[2:4]})))["w"]).tolist() == [2, 3]
