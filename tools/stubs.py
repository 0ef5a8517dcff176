"""Writes ``purenn/nn/__init__.pyi``, the stub of the classes that `purenn.nn.stateful` makes at run time.

Editors and type checkers can't see these classes, so the stub declares them: constructors, attributes, calls, bases.
Everything is read from the layer classes. Classes that are written in source are only imported. Run this after a layer
is added or changed. With ``--check`` nothing is written, and a stale stub is an error.

The attributes of a module are found on an instance. It is made as in the example of its docstring, but with all
defaults. An array is typed ``jax.Array`` if that instance has it, and ``jax.Array | None`` if not. A module's call is
typed by `__call__` alone, so a subclass may write any ``forward``. Private bases are left out: in the stub, the bases
of a class are its nearest public ones, which is enough for ``isinstance``.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import copy
import dataclasses
import difflib
import doctest
import functools
import inspect
import os
import re
import sys
import textwrap
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

os.environ.setdefault("JAX_PLATFORMS", "cpu")
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402

from purenn import layers, nn  # noqa: E402
from purenn.layers.base import Layer  # noqa: E402
from purenn.layers.lazy import Lazy  # noqa: E402

WIDTH = 120


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a stub is stale")
    check = parser.parse_args(arguments).check
    path = Path(nn.__file__ or "").with_suffix(".pyi")
    old, new = path.read_text() if path.exists() else "", Stub(nn).text(module_class)
    if old == new:
        return 0
    shown = path.relative_to(ROOT)
    if not check:
        path.write_text(new)
        print(f"{shown} written")
        return 0
    print(f"{shown} is stale: run `python tools/stubs.py`")
    print("\n".join(difflib.unified_diff(old.split("\n"), new.split("\n"), "written", "now", n=0, lineterm="")))
    return 1


class Stub:
    """The stub of a package: its re-exports, the classes that it makes, and the imports that they need."""

    def __init__(self, package: ModuleType):
        self.package = package
        self.exported: dict[str, str] = {}  # a name and the module that defines it
        self.made: dict[str, type] = {}
        for name, origin in imported(package):
            value = getattr(package, name)
            if isinstance(value, type) and not is_written(value):
                self.made[name] = value
            else:
                self.exported[name] = origin
        for name, value in vars(package).items():  # classes that the package itself makes
            if isinstance(value, type) and value.__module__ == package.__name__ and not name.startswith("_"):
                self.made[name] = value
        self.names = {*self.exported, *self.made}
        self.plain: set[str] = set()
        self.froms: dict[str, set[str]] = {}
        for name, origin in self.exported.items():
            self.froms.setdefault(origin, set()).add(name)

    def text(self, describe: Callable[[Stub, str, type], list[str]]) -> str:
        """The whole file, as ruff formats it."""
        classes = ["\n".join(describe(self, name, self.made[name])) for name in sorted(self.made, key=natural)]
        names = "".join(f'    "{name}",\n' for name in sorted(self.names, key=natural))
        doc = (self.package.__doc__ or "").strip()
        head = f'"""{doc}\n\nWritten by tools/stubs.py: don\'t edit.\n"""\n\n'
        return head + "".join(self.imports()) + f"\n__all__ = [\n{names}]\n\n" + "\n\n".join(classes) + "\n"

    def imports(self) -> Iterator[str]:
        sections: dict[int, list[str]] = {0: [], 1: [], 2: []}
        for line in sorted(self.plain):
            sections[section(line.split()[1])].append(line + "\n")
        for module in sorted(self.froms):
            names = sorted(self.froms[module], key=natural)
            alone = [[name] for name in names if " as " in name]
            together = [name for name in names if " as " not in name]
            for group in sorted([*alone, *([together] if together else [])], key=lambda group: natural(group[0])):
                line = f"from {module} import {', '.join(group)}\n"
                if len(line) > WIDTH + 1:
                    line = f"from {module} import (\n" + "".join(f"    {name},\n" for name in group) + ")\n"
                sections[section(module)].append(line)
        yield "\n".join("".join(lines) for lines in sections.values() if lines)

    def use(self, text: str) -> str:
        """An annotation that this tool writes, read with the imports of `purenn.layers.spec`."""
        return self.annotation(text, "purenn.layers.spec")

    def annotation(self, text: Any, module: str) -> str:
        """An annotation of a module, rewritten for the stub: its names imported, its private aliases written out."""
        if not isinstance(text, str):
            raise TypeError(f"{module}: annotations must be strings (from __future__ import annotations), got {text!r}")
        return unparse(self._resolved(ast.parse(text, mode="eval").body, module))

    def _resolved(self, tree: ast.expr, module: str) -> ast.expr:
        stub, bindings = self, names_of(module)

        class Resolve(ast.NodeTransformer):
            def visit_Name(self, node: ast.Name) -> ast.expr:
                bound = bindings.get(node.id)
                if bound is None:
                    if hasattr(builtins, node.id):
                        return node
                    raise NameError(f"{module}: the annotation {ast.unparse(tree)} has an unknown name, {node.id}")
                if isinstance(bound, ast.expr):
                    return stub._resolved(copy.deepcopy(bound), module)
                origin, name = bound
                if not name:
                    stub.plain.add(f"import {origin}" if origin == node.id else f"import {origin} as {node.id}")
                    return node
                return ast.Name(stub.take(origin, name, node.id))

        return Resolve().visit(tree)

    def take(self, origin: str, name: str, shown: str | None = None) -> str:
        """Imports a name, under an alias if the package already has that name, and returns the name to use."""
        shown = shown or name
        if self.exported.get(shown) == origin:
            return shown
        shown = f"_{shown}" if shown in self.names else shown
        self.froms.setdefault(origin, set()).add(name if name == shown else f"{name} as {shown}")
        return shown

    def function(self, name: str, signature: inspect.Signature, returns: str) -> list[str]:
        """The declaration of a function, in several lines if it is long. The annotations are final."""
        parts, slash, star = [], False, False
        for p in signature.parameters.values():
            if slash and p.kind is not p.POSITIONAL_ONLY:
                parts.append("/")
            if p.kind is p.KEYWORD_ONLY and not star:
                parts.append("*")
            slash = p.kind is p.POSITIONAL_ONLY
            star = star or p.kind in (p.VAR_POSITIONAL, p.KEYWORD_ONLY)
            mark = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "")
            part = mark + p.name + (f": {p.annotation}" if p.annotation is not p.empty else "")
            if p.default is not p.empty:
                part += (" = " if p.annotation is not p.empty else "=") + default(p.default)
            parts.append(part)
        if slash:
            parts.append("/")
        line = f"    def {name}({', '.join(parts)}) -> {returns}: ..."
        if len(line) <= WIDTH:
            return [line]
        body = f"        {', '.join(parts)}"
        inner = [body] if len(body) <= WIDTH else [f"        {part}," for part in parts]
        return [f"    def {name}(", *inner, f"    ) -> {returns}: ..."]


def module_class(stub: Stub, name: str, cls: Any) -> list[str]:
    """A module class made from a layer class."""
    made_from = cls._layer_class
    bases = public_bases(stub, cls)
    lines = [f"class {name}({', '.join(bases)}):", *docstring(cls), ""]
    layer, given = example(made_from)
    found = attributes(stub, materialized(layer), given)
    for base in (getattr(stub.package, b) for b in bases):
        if "_layer_class" in vars(base):
            there, theirs = example(base._layer_class)
            found = {n: kind for n, kind in found.items() if n not in attributes(stub, there, theirs)}
    lines += [f"    {attribute}: {kind}" for attribute, kind in found.items()]
    lines += constructor(stub, made_from)
    if made_from.forward is Layer.forward:  # a base class; its subclasses have the forward
        return lines + list(methods(stub, cls))
    inputs, returns = call(stub, type(materialized(layer)))
    options = [
        inspect.Parameter("training", inspect.Parameter.KEYWORD_ONLY, default=None, annotation="bool | None"),
        inspect.Parameter("rng", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=stub.use("Any")),
    ]
    named = [p for p in inputs if p.kind is not p.VAR_KEYWORD]
    rest = [p for p in inputs if p.kind is p.VAR_KEYWORD]
    lines += stub.function("__call__", inspect.Signature([SELF, *named, *options, *rest]), returns)
    return lines + list(methods(stub, cls))


def materialized(layer: Layer) -> Any:
    """The layer, or the layer that a lazy one becomes."""
    return layer._becomes(0) if isinstance(layer, Lazy) else layer


SELF = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)


def public_bases(stub: Stub, cls: type) -> list[str]:
    """The nearest ancestors that are public in the package."""
    known = [b for b in cls.__mro__[1:] if getattr(stub.package, b.__name__, None) is b]
    return [b.__name__ for b in known if not any(issubclass(other, b) for other in known if other is not b)]


def attributes(stub: Stub, layer: Layer, given: dict[str, Any]) -> dict[str, str]:
    """A module's hyper-parameters, arrays and children; the latter two replace hyper-parameters of the same name."""
    found = {}
    for field in dataclasses.fields(layer):  # pyright: ignore[reportArgumentType]
        if not field.name.startswith("_"):
            kind = kept(field_annotation(stub, type(layer), field.name))
            found[field.name] = narrowed(kind, given.get(field.name, field.default), getattr(layer, field.name))
    for group in (layer.parameters(), layer.buffers()):
        for name, spec in group.items():
            found[name] = stub.use("jax.Array" if spec is not None else "jax.Array | None")
    for name, child in layer.children().items():
        child_class = nn.stateful(type(child))
        known = getattr(stub.package, child_class.__name__, None) is child_class
        found[name] = child_class.__name__ if known else public_bases(stub, child_class)[0]
    return {name: kind for name, kind in found.items() if name.isidentifier()}


def narrowed(kind: str, given: Any, value: Any) -> str:
    """The annotation of a hyper-parameter as the layer stores it, such as a tuple for 3 that becomes (3, 3)."""
    if type(given) is type(value) or given is dataclasses.MISSING:
        return kind
    was = "None" if given is None else type(given).__name__
    others = [member for member in members(ast.parse(kind, mode="eval").body) if member != was]
    return " | ".join(others) or kind


def members(union: ast.expr) -> list[str]:
    """The members of a union."""
    if isinstance(union, ast.BinOp):
        return members(union.left) + members(union.right)
    return [unparse(union)]


def call(stub: Stub, cls: type[Layer]) -> tuple[list[inspect.Parameter], str]:
    """The arguments of a call, under torch's names, and its result."""
    signature, module = inspect.signature(cls.forward), cls.forward.__module__
    parameters = list(signature.parameters.values())[2:]  # without self and m
    inputs = [p.replace(annotation=stub.annotation(annotated(p), module)) for p in parameters]
    return inputs, stub.annotation(annotated(signature), module)


def annotated(part: Any) -> Any:
    """The annotation of a parameter or of a result; ``Any`` if there is none."""
    text = part.return_annotation if isinstance(part, inspect.Signature) else part.annotation
    return "Any" if text is inspect.Parameter.empty else text


def methods(stub: Stub, cls: type) -> Iterator[str]:
    """Further public methods and properties of a module class and of its private bases."""
    for owner in cls.__mro__:
        if owner is not cls and getattr(stub.package, owner.__name__, None) is owner:
            return
        for name, member in vars(owner).items():
            if name.startswith("_"):
                continue
            function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
            if not inspect.isfunction(function):
                continue
            if function is not member:
                yield f"    @{type(member).__name__}"
            signature = inspect.signature(function)
            given = list(signature.parameters.values())
            bound = [] if isinstance(member, staticmethod) else [given[0].replace(annotation=inspect.Parameter.empty)]
            module = function.__module__
            others = [p.replace(annotation=stub.annotation(annotated(p), module)) for p in given[len(bound) :]]
            returns = stub.annotation(annotated(signature), module)
            yield from stub.function(name, inspect.Signature([*bound, *others]), returns)


def constructor(stub: Stub, cls: type) -> list[str]:
    """The class's ``__init__``. Its types come from itself, or from the fields if a dataclass made it."""
    init: Any = cls.__init__
    written = init.__code__.co_filename != "<string>"
    parameters = [SELF]
    for p in inspect.signature(cls).parameters.values():
        kind = stub.annotation(annotated(p), init.__module__) if written else field_annotation(stub, cls, p.name)
        if issubclass(cls, Layer):  # a module's constructor takes modules in place of the layers that its layer takes
            kind = re.sub(r"\bLayer\b", "Layer | Module", kind)
        parameters.append(p.replace(annotation=kind))
    return stub.function("__init__", inspect.Signature(parameters), "None")


def kept(kind: str) -> str:
    """The type of a hyper-parameter as the layer keeps it, which is hashable."""
    kind = re.sub(r"\bSize\b", "int | tuple[int, ...]", kind)
    return re.sub(r"\bSequence\[(\w+)\]", r"tuple[\1, ...]", kind)


def field_annotation(stub: Stub, cls: type, name: str) -> str:
    """The annotation of a field, as its class writes it."""
    owner = next(c for c in cls.__mro__ if name in vars(c).get("__annotations__", ()))
    if issubclass(owner, Lazy):
        return field_annotation(stub, owner._target, name)
    return stub.annotation(owner.__annotations__[name], owner.__module__)


def example(cls: type[Layer]) -> tuple[Layer, dict[str, Any]]:
    """An instance of a class, made by the example in its docstring, and its arguments."""
    namespace: dict[str, Any] = {"layers": layers, "jax": jax, "jnp": jnp, "_bind": inspect.signature(cls).bind}
    warnings.simplefilter("ignore", FutureWarning)  # raised by deprecated classes
    before: list[str] = []  # lines that run only if the call needs their names
    for part in doctest.DocTestParser().get_examples(cls.__doc__ or ""):
        for node in ast.walk(ast.parse(part.source)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == f"layers.{cls.__name__}":
                node.func = ast.Name("_bind")
                try:
                    given = eval(ast.unparse(node), namespace)
                except NameError:
                    exec("".join(before), namespace)
                    given = eval(ast.unparse(node), namespace)
                return plainest(cls, given)
        before.append(part.source)
    raise ValueError(f"{cls.__name__}'s docstring has no example that calls layers.{cls.__name__}(...)")


def plainest(cls: type[Layer], given: inspect.BoundArguments) -> tuple[Layer, dict[str, Any]]:
    """The instance with all defaults, or, if it can't be made, the instance with these arguments."""
    parameters = given.signature.parameters
    needed = {n: v for n, v in given.arguments.items() if parameters[n].default is inspect.Parameter.empty}
    plain = inspect.BoundArguments(given.signature, OrderedDict(needed))
    try:
        return cls(*plain.args, **plain.kwargs), needed
    except (TypeError, ValueError):
        return cls(*given.args, **given.kwargs), given.arguments


def docstring(cls: type) -> list[str]:
    """The first sentence of a class's docstring."""
    paragraph = " ".join(inspect.cleandoc(cls.__doc__ or "").partition("\n\n")[0].split())
    sentence = re.split(r"(?<=\.)\s+(?=[A-Z])", paragraph)[0]
    if not sentence:
        raise ValueError(f"{cls.__name__} has no docstring")
    quote = ('r"""' if "\\" in sentence else '"""') + sentence + '"""'
    return textwrap.wrap(
        quote, WIDTH, initial_indent="    ", subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )


def default(value: Any) -> str:
    """A default as source code; ``...`` if it has none."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, tuple):
        return f"({', '.join(map(default, value))}{',' if len(value) == 1 else ''})"
    return repr(value) if value is None or type(value) in (bool, int, float) else "..."


def unparse(tree: ast.expr) -> str:
    return re.sub(r"'([^'\"\\]*)'", r'"\1"', ast.unparse(tree))


def natural(name: str) -> Any:
    """The order in which ruff sorts names: CONSTANTS, Classes, functions; numbers as numbers."""
    bare = name.split()[0]
    kind = 0 if bare.isupper() and len(bare) > 1 else 1 if bare[0].isupper() else 2
    return kind, [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", bare)], name


def section(module: str) -> int:
    root = module.partition(".")[0]
    return 2 if root == "purenn" else 0 if root in sys.stdlib_module_names else 1


@functools.cache
def source(module: str) -> ast.Module:
    return ast.parse(inspect.getsource(sys.modules[module]))


def is_written(cls: type) -> bool:
    """Whether a class is defined in its module's source, not at run time."""
    return any(
        isinstance(node, ast.ClassDef) and node.name == cls.__name__ for node in ast.walk(source(cls.__module__))
    )


def imported(package: ModuleType) -> Iterator[tuple[str, str]]:
    """The public names that a package's ``__init__`` imports, with their modules."""
    body = source(package.__name__).body
    lazy = [node for node in body if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)]
    for node in [*body, *(part for block in lazy for part in block.body)]:
        if isinstance(node, ast.ImportFrom) and node.module != "__future__":
            for alias in node.names:
                origin = node.module or ""
                names = sys.modules[origin].__all__ if alias.name == "*" else [alias.asname or alias.name]
                yield from ((name, origin) for name in names if not name.startswith("_"))


@functools.cache
def names_of(module: str) -> dict[str, ast.expr | tuple[str, str]]:
    """The origins of a module's names: ``(origin, name)``, with an empty name for a module, or an alias's value."""
    found: dict[str, ast.expr | tuple[str, str]] = {}
    for node in ast.walk(source(module)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                found[name] = (alias.name if alias.asname else name, "")
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name: (node.module or "", alias.name) for alias in node.names}
    for node in source(module).body:
        if isinstance(node, ast.ClassDef):
            found[node.name] = (module, node.name)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = node.value
    return found


if __name__ == "__main__":
    sys.exit(main())
