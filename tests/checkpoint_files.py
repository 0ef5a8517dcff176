"""Files for the tests of checkpoints: those of old versions of torch, and damaged and hostile ones.

torch 2.13 reads all formats that torch has ever written, and writes two of them. The tar format of torch before 0.2 is
written here, and torch reads it in the tests.
"""

import atexit
import io
import json
import os
import pickle
import random
import struct
import tarfile
import tempfile
import zipfile
from pathlib import Path

import torch


class _Tensor:
    """A tensor in the pickle of a tar file, written as its number."""

    def __init__(self, number):
        self.number = number


class _TarPickler(pickle.Pickler):
    def persistent_id(self, obj):
        return obj.number if isinstance(obj, _Tensor) else None


def tar_checkpoint(state, views=()):
    """A dict of tensors as torch 0.1 wrote it.

    Args:
        state: tensors by name.
        views: by name, the offset and length of a view of the tensor's storage, which replaces the tensor.
    """
    storages, tensors, content, numbers = io.BytesIO(), io.BytesIO(), {}, {}
    views, roots = dict(views), {}
    for tensor in state.values():
        roots.setdefault(tensor.untyped_storage().data_ptr(), tensor)
    pickle.dump(len(roots), storages, 2)
    for number, (pointer, tensor) in enumerate(roots.items()):
        storage = tensor.untyped_storage()
        kind = getattr(torch, torch.storage._dtype_to_storage_type_map()[tensor.dtype])
        numbers[pointer] = number
        pickle.dump((number, "cpu", kind), storages, 2)
        storages.write(struct.pack("<q", storage.nbytes() // tensor.element_size()))
        storages.write(torch.empty(0, dtype=torch.uint8).set_(storage).numpy().tobytes())
    listed = [
        (1000 + i, numbers[state[name].untyped_storage().data_ptr()], *views[name]) for i, name in enumerate(views)
    ]
    pickle.dump(listed, storages, 2)
    targets = {name: 1000 + i for i, name in enumerate(views)}
    pickle.dump(len(state), tensors, 2)
    for i, (name, tensor) in enumerate(state.items()):
        number = targets.get(name, numbers[tensor.untyped_storage().data_ptr()])
        pickle.dump((2000 + i, number, torch.FloatTensor), tensors, 2)
        shape, strides = tensor.shape, tensor.stride()
        offset = tensor.storage_offset() - views.get(name, (0,))[0]
        tensors.write(struct.pack(f"<ii{2 * len(shape) + 1}q", len(shape), 0, *shape, *strides, offset))
        content[name] = _Tensor(2000 + i)
    pickled, whole = io.BytesIO(), io.BytesIO()
    _TarPickler(pickled, 2).dump(content)
    with tarfile.open(fileobj=whole, mode="w:", format=tarfile.PAX_FORMAT) as tar:
        for name, part in (("storages", storages), ("tensors", tensors), ("pickle", pickled)):
            info = tarfile.TarInfo(name)
            info.size = len(part.getvalue())
            tar.addfile(info, io.BytesIO(part.getvalue()))
    return whole.getvalue()


def saved(content, **options):
    """The bytes that ``torch.save`` writes."""
    buffer = io.BytesIO()
    torch.save(content, buffer, **options)
    return buffer.getvalue()


def rezipped(raw, change, method=zipfile.ZIP_STORED):
    """A zip with other entries: `change` takes a dict of the entries and changes it, or returns a list of pairs."""
    with zipfile.ZipFile(io.BytesIO(raw)) as old:
        entries = {name: old.read(name) for name in old.namelist()}
    pairs = change(entries) or [*entries.items()]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as new:
        for name, content in pairs:
            new.writestr(name, content)
    return buffer.getvalue()


def zip_with_pickle(pickled, storage=bytes(16)):
    """A checkpoint in torch's format, with the given pickle."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as new:
        new.writestr("archive/data.pkl", pickled)
        new.writestr("archive/byteorder", b"little")
        new.writestr("archive/data/0", storage)
        new.writestr("archive/version", b"3\n")
    return buffer.getvalue()


def tensor_pickle(
    offset=0, shape=(4,), strides=(1,), numel=4, kind="FloatStorage", key="0", rebuild="_rebuild_tensor_v2"
):
    """The pickle of ``{"w": tensor}`` with numbers of any kind."""
    storage = (
        b"(" + _text("storage") + f"ctorch\n{kind}\n".encode() + _text(key) + _text("cpu") + _number(numel) + b"tQ"
    )
    args = storage + _number(offset) + _numbers(shape) + _numbers(strides) + b"\x89" + b"ccollections\nOrderedDict\n)R"
    return b"\x80\x02}" + _text("w") + f"ctorch._utils\n{rebuild}\n".encode() + b"(" + args + b"tRs."


def _text(text):
    return b"X" + struct.pack("<I", len(text)) + text.encode()


def _number(n):
    raw = n.to_bytes(16, "little", signed=True)
    return b"\x8a" + bytes([len(raw)]) + raw


def _numbers(numbers):
    return b"(" + b"".join(map(_number, numbers)) + b"t"


def safetensors_file(header, data=b""):
    """A file with the given header, a dict or bytes."""
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + data


# Seeds and mutations for fuzzing.


def seeds():
    """Small undamaged files of every format, by name."""
    torch.manual_seed(0)
    w = torch.randn(4, 6)
    tensors = {"a": w, "tied": w, "view": w.t()[1:3], "half": w.half(), "bf16": w.bfloat16(), "flag": w > 0}
    tensors |= {"c": torch.randn(2, dtype=torch.complex64), "n": torch.tensor(3), "f8": w.to(torch.float8_e5m2)}
    net = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    opt = torch.optim.Adam(net.parameters())
    net(torch.ones(2, 3)).sum().backward()
    opt.step()
    nested = {"state_dict": net.state_dict(), "optimizer": opt.state_dict(), "epoch": 3, "names": ["a", 1.5, None]}
    from safetensors.torch import save as save_safetensors

    plain = {name: tensor.contiguous().clone() for name, tensor in tensors.items()}
    return {
        "tensors.zip": saved(tensors),
        "nested.zip": saved(nested),
        "legacy": saved(nested, _use_new_zipfile_serialization=False),
        "proto4": saved(nested, pickle_protocol=4),
        "deflated": rezipped(saved(nested), lambda entries: None, zipfile.ZIP_DEFLATED),
        "tar": tar_checkpoint({"a": w, "b": w.t(), "c": torch.ones(3)}, {"c": (0, 3)}),
        "safetensors": save_safetensors(plain, {"purenn.tied": '{"tied": "a"}'}),
        "index.json": json.dumps({"metadata": {}, "weight_map": {"a": "x.st", "b": "x.st"}}).encode(),
    }


NUMBERS = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 40, (1 << 63) - 1, (1 << 64) - 1]
GLOBALS = [b"cos\nsystem\n", b"cbuiltins\neval\n", b"c__main__\nNet\n", b"ctorch\nload\n", b"cnumpy\nload\n"]


def mutated(raw, rng: random.Random):
    """A damaged form of a file: its bytes are changed, or the entries of its zip, with correct checksums."""
    if raw[:2] == b"PK" and rng.random() < 0.6:

        def change(entries):
            name = rng.choice(
                [n for n in entries if n.endswith(("data.pkl", "data.pkl", "byteorder")) or "/data/" in n]
            )
            if rng.random() < 0.7:
                name = next(n for n in entries if n.endswith("data.pkl"))
            entries[name] = _damaged(entries[name], rng)

        return rezipped(raw, change, rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
    if raw[8:9] == b"{" and rng.random() < 0.6:
        (length,) = struct.unpack("<Q", raw[:8])
        return safetensors_file(_damaged(raw[8 : 8 + length], rng), raw[8 + length :])
    return _damaged(raw, rng)


def _damaged(raw, rng):
    data = bytearray(raw)
    for _ in range(rng.choice([1, 1, 1, 2, 3, 8])):
        at, kind = rng.randrange(len(data) + 1), rng.randrange(9)
        if kind == 0 and data:
            data[at % len(data)] ^= 1 << rng.randrange(8)
        elif kind == 1 and data:
            data[at % len(data)] = rng.randrange(256)
        elif kind == 2:
            del data[at:]
        elif kind == 3:
            del data[at : at + rng.choice([1, 2, 4, 8, 64])]
        elif kind == 4:
            data[at:at] = rng.randbytes(rng.choice([1, 2, 4, 8, 64]))
        elif kind == 5:
            size = rng.choice([1, 2, 4, 8])
            data[at : at + size] = (rng.choice(NUMBERS) & ((1 << 8 * size) - 1)).to_bytes(
                size, rng.choice(["little", "big"])
            )
        elif kind == 6:
            other = rng.randrange(len(data) + 1)
            data[at:at] = data[other : other + rng.choice([4, 16, 64])]
        elif kind == 7:
            data[at:at] = rng.choice(GLOBALS) + rng.choice([b")R", b"(X\x02\x00\x00\x00lstR", b")\x81}b", b""])
        elif kind == 8 and data:
            data[at % len(data)] = rng.choice(
                b"(.012FIJKLMNPQRSTUVXabcdeghijlopqrstu}]\x80\x81\x85\x86\x87\x8a\x8b\x93\x94"
            )
    return bytes(data)


def write(folder: Path, name, raw):
    """The path of a file with this content."""
    path = folder / name
    path.write_bytes(raw)
    return path


def temporary():
    """A name for a file, for tests that hypothesis runs again and again."""
    handle, path = tempfile.mkstemp()
    os.close(handle)
    atexit.register(os.unlink, path)
    return path
