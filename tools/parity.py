"""Writes docs/parity.md: every public name of torch's namespaces, and its counterpart in purenn.

``python tools/parity.py`` writes the page. ``--check`` lists missing names and a stale page, and then fails. The page
is made from the two libraries and from the tests: a name counts as checked if purenn has it and a test calls it. A
further namespace of torch is a further row of `NAMESPACES`.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import importlib
import inspect
import pkgutil
import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from purenn.nn.remedies import remedy_for

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "parity.md"
IN_PLACE = "in place; arrays are immutable: use `{}`"
REEXPORTED = "imported from another module of torch"
LAZY = "a lazy layer holds no arrays before its first call"
LAYOUT = "XLA chooses memory layouts"
KERNELS = "an option of torch's own kernels; XLA compiles attention"
FLASH = [f"{name}_flash_attention_impl" for name in ("activate", "current", "register", "restore")]
FLASH.append("list_flash_attention_impls")
CLIPPING = ("clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_")
ALIAS = "a deprecated alias of torch; here the name is an initializer"
ALIASES = ["constant", "dirac", "eye", "normal", "orthogonal", "sparse", "uniform"]
ALIASES += [f"{name}_{kind}" for name in ("kaiming", "xavier") for kind in ("normal", "uniform")]
INTERNAL = "undocumented, internal to torch"


@dataclasses.dataclass(frozen=True)
class Namespace:
    """A namespace of torch beside one of purenn.

    Args:
        theirs, ours: the names of the modules.
        imported: the names of purenn's module in tests, such as ``F`` in ``F.relu``.
        renamed: purenn's names for torch's names, where they differ.
        excluded: torch's names that don't apply, and the reasons.
        in_place_renamed: whether purenn's ``name`` is the counterpart of torch's ``name_``.
        in_place: whether purenn has ``name_`` too.
        arguments: purenn's names for torch's arguments, where they mean something else.
    """

    theirs: str
    ours: str
    imported: tuple[str, ...]
    renamed: Mapping[str, str] = dataclasses.field(default_factory=dict)
    excluded: Mapping[str, str] = dataclasses.field(default_factory=dict)
    in_place_renamed: bool = False
    in_place: bool = False
    arguments: Mapping[str, str] = dataclasses.field(default_factory=dict)


NAMESPACES = (
    Namespace(
        "torch.nn.functional",
        "purenn.functional",
        ("F", "functional"),
        excluded={
            "assert_int_or_pair": INTERNAL,
            "native_channel_shuffle": "the same as `channel_shuffle`",
        },
    ),
    Namespace("torch.functional", "purenn.functional", ("F", "functional")),
    Namespace("torch.nn.init", "purenn.init", ("init",), in_place_renamed=True),
    Namespace("torch.nn.init", "purenn.nn.init", ("init",), excluded=dict.fromkeys(ALIASES, ALIAS), in_place=True),
    Namespace(
        "torch.nn",
        "purenn.nn",
        ("nn", "layers"),
        excluded={
            "UninitializedBuffer": LAZY,
            "UninitializedParameter": LAZY,
            "factory_kwargs": INTERNAL,
        },
    ),
    Namespace(
        "torch.nn.utils",
        "purenn.utils",
        ("utils",),
        renamed={name: name.removesuffix("_") for name in CLIPPING},
        arguments={"parameters": "grads"},
        excluded={
            "convert_conv2d_weight_memory_format": LAYOUT,
            "convert_conv3d_weight_memory_format": LAYOUT,
        },
    ),
    Namespace("torch.nn.utils.parametrizations", "purenn.utils.parametrizations", ("parametrizations",)),
    Namespace("torch.nn.utils.parametrize", "purenn.utils.parametrize", ("parametrize",)),
    Namespace("torch.nn.utils.prune", "purenn.utils.prune", ("prune",)),
    Namespace("torch.nn.utils.rnn", "purenn.utils.rnn", ("rnn", "utils")),
    Namespace(
        "torch.nn.attention",
        "purenn.nn.attention",
        ("attention",),
        excluded=dict.fromkeys(FLASH, KERNELS),
    ),
    Namespace(
        "torch.nn.attention.flex_attention",
        "purenn.nn.attention.flex_attention",
        ("flex_attention", "flex", "wing"),
        excluded={"FlexKernelOptions": KERNELS},
    ),
    Namespace("torch.nn.attention.bias", "purenn.nn.attention.bias", ("bias",)),
)

FLAG = "an internal setting of torch"
INHERITED = {
    "T_destination": "a type for torch's annotations",
    "call_super_init": "constructors pass no arguments to further base classes",
    "dump_patches": FLAG,
}
# Classes whose methods and properties are listed; those that torch.nn.Module has are listed once, as its own.
CLASSES = {
    "Module": INHERITED,
    "ModuleList": {},
    "ModuleDict": {},
    "Sequential": {},
    "ParameterList": {},
    "ParameterDict": {},
    "RNNBase": {},
    "RNN": {},
    "LSTM": {},
    "GRU": {},
    "MultiheadAttention": {},
    "Parameter": {},
}


@dataclasses.dataclass(frozen=True)
class Row:
    """One name of torch, its name in purenn, and its status: checked, missing, or the reason why it does not apply."""

    name: str
    ours: str
    status: str

    @property
    def missing(self) -> bool:
        return self.status.startswith("missing")


def public_names(module: types.ModuleType) -> list[str]:
    """The names in a module's ``__all__``, or all its names without a leading underscore."""
    return sorted(getattr(module, "__all__", None) or [n for n in dir(module) if not n.startswith("_")])


def rows(space: Namespace) -> list[Row]:
    theirs = importlib.import_module(space.theirs)
    try:
        ours = importlib.import_module(space.ours)
    except ModuleNotFoundError:
        ours = types.ModuleType(space.ours)
    names = set(public_names(theirs))
    found = []
    for name in sorted(names):
        reason = space.excluded.get(name) or _not_applicable(space, theirs, name, names)
        mine = space.renamed.get(name, name.removesuffix("_") if space.in_place_renamed else name)
        if reason:
            found.append(Row(name, "", f"not applicable: {reason}"))
        elif not hasattr(ours, mine):
            found.append(Row(name, "", "missing"))
        else:
            tested = any(mine in names_tested().get(alias, ()) for alias in (*space.imported, space.ours))
            found.append(Row(name, f"{space.ours}.{mine}", "checked" if tested else "missing: a test"))
    return found


def _not_applicable(space: Namespace, module: types.ModuleType, name: str, names: set[str]) -> str | None:
    value = getattr(module, name)
    if name.endswith("_") and not space.in_place_renamed and not space.in_place and name[:-1] in names:
        return IN_PLACE.format(name[:-1])
    if isinstance(value, types.ModuleType):
        return "a module"
    if not callable(value) or _home(value) in ("typing", "collections.abc"):
        return "neither a function nor a class"
    at_home = f"{_home(value)}.".startswith(f"{space.theirs}.")
    if inspect.isclass(value) and not at_home:
        return REEXPORTED
    if isinstance(value, types.FunctionType) and not hasattr(module, "__all__") and not at_home:
        return REEXPORTED
    return INTERNAL if name.startswith("has_torch_function") else None


def _home(value: Any) -> str:
    return getattr(value, "__module__", None) or ""


@functools.cache
def names_tested() -> dict[str, set[str]]:
    """The names that tests use, by the name of their module: ``{"F": {"relu"}}`` for ``F.relu`` and for an import.

    The table of calls counts as calls on ``F``. If a file of tests has ``getattr(init, name)``, all its strings count
    as names of ``init``, such as those of ``parametrize("name", ["uniform"])``.
    """
    sys.path[:0] = [str(ROOT / "tests")]
    called: dict[str, set[str]] = {}
    for path in sorted((ROOT / "tests").rglob("*.py")):
        tree = ast.parse(path.read_text())
        texts = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
        for node in ast.walk(tree):
            match node:
                case ast.Attribute(value=ast.Name(id=module), attr=name):
                    called.setdefault(module, set()).add(name)
                case ast.ImportFrom(module=str(module), names=names):
                    called.setdefault(module, set()).update(n.name for n in names)
                case ast.Call(func=ast.Name(id="getattr"), args=[ast.Name(id=module), *_]):
                    called.setdefault(module, set()).update(texts)
    families = importlib.import_module("cases").__path__
    for family in pkgutil.iter_modules(families):
        table = importlib.import_module(f"cases.{family.name}")
        called.setdefault("F", set()).update(case.name for case in table.CASES)
    called.setdefault("nn", set()).update(row.name for row in importlib.import_module("layer_table").TABLE)
    called["nn"].update(row[0] for row in importlib.import_module("test_lazy").ROWS)
    return called


def methods(name: str) -> list[Row]:
    """The public methods and properties of a class of torch.nn. Checked: a test uses it with both libraries."""
    theirs, ours = (
        getattr(importlib.import_module("torch.nn"), name),
        getattr(importlib.import_module("purenn.nn"), name),
    )
    found = []
    for method in _public_methods(theirs):
        remedy = CLASSES[name].get(method) or remedy_for(ours, method)
        if remedy:
            found.append(Row(method, "", f"not applicable: {remedy}"))
        elif not hasattr(ours, method):
            found.append(Row(method, "", "missing"))
        else:
            tested = method in methods_tested()
            found.append(Row(method, f"nn.{name}.{method}", "checked" if tested else "missing: a test"))
    return found


def _public_methods(cls: type) -> list[str]:
    """The public methods of a class that Module lacks; for Parameter only those about gradients, not the array's."""
    torch = importlib.import_module("torch")
    if cls is torch.nn.Parameter:
        return ["backward", "data", "grad", "register_hook", "requires_grad", "requires_grad_", "retain_grad"]
    inherited = () if cls is torch.nn.Module else dir(torch.nn.Module)
    return [name for name in dir(cls) if not name.startswith("_") and name not in inherited]


@functools.cache
def methods_tested() -> set[str]:
    """The attributes used by functions with an argument ``lib``, which tests run with torch and with purenn."""
    used = set[str]()
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.Lambda) and any(a.arg == "lib" for a in node.args.args):
                used |= {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}
    return used


def page() -> str:
    text = [
        "# Parity with torch",
        "",
        "`tools/parity.py` makes this page from torch 2.13 and purenn; don't edit it. *Checked* means that purenn has",
        "the name and that a test compares it with torch's. The tests fail if a name of torch is neither checked nor",
        "not applicable, and if this page is stale.",
        "",
        "| torch | names | checked | not applicable | missing |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    tables = [(space, rows(space)) for space in NAMESPACES]
    text += [_counts(_title(space), table) for space, table in tables]
    text += [
        "",
        "| class of torch.nn | methods | checked | not applicable | missing |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    classes = [(name, methods(name)) for name in CLASSES]
    text += [_counts(f"`{name}`", table) for name, table in classes]
    for space, table in tables:
        text += _listed(f"## {_title(space, '')}", table)
    for name, table in classes:
        text += _listed(f"## Methods of {name}", table)
    return "\n".join(text) + "\n"


def _title(space: Namespace, quote: str = "`") -> str:
    beside = f" in {quote}{space.ours}{quote}" if space.in_place else ""
    return f"{quote}{space.theirs}{quote}{beside}"


def _counts(title: str, table: list[Row]) -> str:
    counts = [sum(r.status.startswith(s) for r in table) for s in ("checked", "not applicable", "missing")]
    return f"| {title} | {len(table)} | {counts[0]} | {counts[1]} | {counts[2]} |"


def _listed(heading: str, table: list[Row]) -> list[str]:
    text = ["", heading, "", "| torch | purenn | |", "| --- | --- | --- |"]
    return text + [f"| `{r.name}` | {f'`{r.ours}`' if r.ours else ''} | {r.status} |" for r in table]


def missing() -> list[str]:
    tables = [(space.theirs, rows(space)) for space in NAMESPACES] + [(name, methods(name)) for name in CLASSES]
    return [f"{title}.{row.name}: {row.status}" for title, table in tables for row in table if row.missing]


def main(arguments: list[str]) -> int:
    if "--check" not in arguments:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page())
    stale = not PAGE.exists() or PAGE.read_text() != page()
    print(*missing(), *(["docs/parity.md is stale"] if stale else []), sep="\n")
    return 1 if "--check" in arguments and (missing() or stale) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
