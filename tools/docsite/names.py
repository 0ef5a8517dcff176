"""All public names, each with the page and the anchor where the reference explains it."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import importlib.util
import inspect
import types
from collections.abc import Iterator
from pathlib import Path

import purenn

ROOT = Path(purenn.__file__).resolve().parent
START = ("purenn", "purenn.functional", "purenn.layers", "purenn.nn", "purenn.init", "purenn.nn.init", "purenn.utils")
APART = ("debug", "inspect", "interop", "port")  # packages that `import purenn` does not import
TRAINING = {"gradients", "optimizer", "parallel", "pure_calls", "transforms", "from_layer"}
TITLES = {
    "contraction": "Contractions", "conv": "Convolutions", "fold": "Unfolding and folding", "linalg": "Linear algebra",
    "linear": "Linear maps", "loss": "Losses", "matmul": "Products of matrices in low precision", "pooling": "Pooling",
    "rnn": "Recurrent networks", "sets": "Sets", "sparse": "Embeddings", "spectral": "Fourier transforms",
    "tensor": "Shapes of arrays", "vision": "Images", "batchnorm": "Batch normalization", "norm": "Normalization",
    "base": "Layers of your own", "adaptive": "Adaptive softmax", "channelshuffle": "Channel shuffle", "lazy":
    "Lazy layers", "container": "Containers", "instancenorm": "Instance normalization", "pixelshuffle": "Pixel shuffle",
    "transformer": "Transformers", "upsampling": "Upsampling", "rnn_cell": "Recurrent cells", "activation":
    "Activations", "normalization": "Normalization", "distance": "Distances",
}  # fmt: skip
SAME_PAGE = {
    "transformer_layer": "transformer", "transformer_stack": "transformer", "bound": "base", "spec": "base",
    "rnn_cell": "rnn", "instancenorm": "normalization", "batchnorm": "normalization", "channelshuffle": "vision",
    "pixelshuffle": "vision", "upsampling": "vision", "adaptive": "loss", "low_rank": "linalg",
    "scaled_matmul": "matmul",
}  # fmt: skip


@dataclasses.dataclass
class Entry:
    """One object of the reference: its names, the first of which is the anchor, and the page that it is on."""

    value: object
    names: list[str]
    page: str
    title: str

    @property
    def anchor(self) -> str:
        return self.names[0]

    @property
    def package(self) -> str:
        return self.names[0].rpartition(".")[0]


def packages() -> list[str]:
    """Gives the public packages and modules: purenn, and every module in the ``dir()`` of a public one."""
    found = list(START)
    found += [f"purenn.{name}" for name in APART if importlib.util.find_spec(f"purenn.{name}")]
    for name in found:
        module = importlib.import_module(name)
        for attribute in public(module):
            value = getattr(module, attribute)
            inside = isinstance(value, types.ModuleType) and value.__name__.startswith("purenn.")
            if inside and value.__name__ == f"{name}.{attribute}" and value.__name__ not in found:
                found.append(value.__name__)
    return found


def public(module: types.ModuleType) -> list[str]:
    """The names that a module declares, and its public submodules."""
    declared = list(getattr(module, "__all__", ()))
    custom = "__dir__" in vars(module)
    shown = dir(module) if custom or not declared else declared + [n for n in dir(module) if _is_part(module, n)]
    names = dict.fromkeys([*declared, *shown])
    return [name for name in names if not name.startswith("_") and _counts(getattr(module, name))]


def _is_part(module: types.ModuleType, name: str) -> bool:
    value = getattr(module, name)
    inside = isinstance(value, types.ModuleType) and value.__name__ == f"{module.__name__}.{name}"
    return inside and not name.startswith("_") and hasattr(module, "__path__") and bool(value.__dict__.get("__all__"))


def _counts(value: object) -> bool:
    return isinstance(value, types.ModuleType) or getattr(value, "__module__", "purenn").startswith("purenn")


@functools.cache
def entries() -> dict[str, Entry]:
    """The entries of the reference by each of their names."""
    by_object: dict[int, Entry] = {}
    by_name: dict[str, Entry] = {}
    twins: dict[tuple[str, str | None], Entry] = {}
    order = ["purenn.functional", "purenn.layers", *(p for p in packages() if p not in ("purenn",)), "purenn"]
    for package in dict.fromkeys(order):
        module = importlib.import_module(package)
        for name in public(module):
            value = getattr(module, name)
            if isinstance(value, types.ModuleType):
                continue
            key = (name, getattr(value, "__doc__", None))
            known = by_object.get(id(value))
            if known is None and package == "purenn.nn" and inspect.isclass(value):
                known = twins.get(key)  # the same layer as an object
            if known is None:
                known = Entry(value, [], page_of(package, name, value), name)
                by_object[id(value)] = known
                if package == "purenn.layers":
                    twins[key] = known
            known.names.append(f"{package}.{name}")
            by_name[f"{package}.{name}"] = known
    titles: dict[tuple[str, str], list[Entry]] = {}
    for entry in by_object.values():
        titles.setdefault((entry.page, entry.title), []).append(entry)
    for same in (group for group in titles.values() if len(group) > 1):
        for entry in same:
            entry.title = entry.anchor.removeprefix("purenn.")
    for alias in ("purenn.nn.functional", "purenn.nn.utils"):
        module = importlib.import_module(alias)
        for name in public(module):
            if (known := by_object.get(id(getattr(module, name)))) and f"{alias}.{name}" not in by_name:
                known.names.append(f"{alias}.{name}")
                by_name[f"{alias}.{name}"] = known
    return by_name


def page_of(package: str, name: str, value: object) -> str:
    """The page of a name: one per family of functions and layers, one per other package."""
    if package in ("purenn.functional", "purenn.layers"):
        family = _family(value, package)
        return f"reference/{package.removeprefix('purenn.')}/{SAME_PAGE.get(family, family)}.md"
    if package in ("purenn.nn", "purenn"):
        file = _file(value).stem
        return f"reference/{'training' if file in TRAINING or package == 'purenn' else 'modules'}.md"
    return f"reference/{package.removeprefix('purenn.').replace('.', '_')}.md"


def _file(value: object) -> Path:
    target = inspect.unwrap(value) if callable(value) and not inspect.isclass(value) else value
    if inspect.isclass(target):
        return Path(importlib.import_module(target.__module__).__file__ or "")
    return Path(inspect.getsourcefile(target) or "")  # pyright: ignore[reportArgumentType]


def _family(value: object, package: str) -> str:
    try:
        inside = _file(value).resolve().relative_to(ROOT / package.removeprefix("purenn."))
    except (TypeError, ValueError):
        return "tensor"
    return inside.parts[0].removesuffix(".py")


def pages() -> dict[str, list[Entry]]:
    """The entries of every page of the reference, in their order on the page."""
    found: dict[str, list[Entry]] = {}
    for entry in dict.fromkeys(map(id, entries().values())):
        one = next(e for e in entries().values() if id(e) == entry)
        found.setdefault(one.page, []).append(one)
    return found


def members(entry: Entry) -> Iterator[tuple[str, object]]:
    """The public methods that the page of a class explains: all for a base class, otherwise only the class's own."""
    cls = entry.value
    if not inspect.isclass(cls) or issubclass(cls, BaseException):
        return
    base = entry.title in ("Module", "Layer")
    hidden = {"forward", "parameters", "buffers", "children", "normalize", "extra_repr", "hyperparameters"}
    for name in sorted(dir(cls)) if base else sorted(_own(cls)):
        value = inspect.getattr_static(cls, name)
        target = getattr(value, "fget", None) or getattr(value, "__func__", None) or getattr(value, "function", value)
        if name.startswith("_") or not (inspect.isroutine(target) or callable(target)) or not _doc(value):
            continue
        if not base and name in hidden:
            continue
        yield name, value


def _own(cls: type) -> set[str]:
    """The members of a class and of its bases, without the bases that have their own page."""
    stop = {"Layer", "Composite", "Module", "Bound", "LayerModule", "Container", "object"}
    own = set[str]()
    for base in cls.__mro__:
        if base.__name__ in stop and base is not cls:
            break
        if base.__module__.startswith("purenn"):
            own |= set(vars(base))
    return own


def _doc(value: object) -> str:
    target = getattr(value, "fget", None) or getattr(value, "__func__", None) or value
    doc = getattr(target, "__doc__", None) or ""
    return doc if doc != getattr(type(value), "__doc__", None) else ""
