"""The state that the rules share: a file's names, kinds and remarks; and helpers that write calls."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import libcst as cst

from purenn.port.imports import Names
from purenn.port.infer import Inference
from purenn.port.kinds import Kind
from purenn.port.nodes import argument, as_primary, attribute, binary, call, expression
from purenn.port.report import Report
from purenn.port.tables import Row

__all__ = ["BoundArguments", "Context", "bind", "known_ops"]

DROPPED = {"device", "requires_grad", "layout", "pin_memory", "memory_format", "non_blocking", "copy"}
BoundArguments = dict[str, cst.BaseExpression]


@cache
def known_ops() -> frozenset[str]:
    """The names of `purenn.interop.ops`."""
    from purenn.interop import ops

    return frozenset(ops.__all__)


@cache
def known_functions() -> frozenset[str]:
    """The names of `purenn.functional`."""
    from purenn import functional

    return frozenset(functional.__all__)


def bind(parameters: Sequence[str], arguments: Sequence[cst.Arg]) -> BoundArguments | None:
    """The arguments of a call by the names of their parameters; None if an argument belongs to no parameter."""
    bound: BoundArguments = {}
    for place, arg in enumerate(arguments):
        if arg.star:
            return None
        if arg.keyword is not None:
            name = {"axis": "dim", "keepdims": "keepdim"}.get(arg.keyword.value, arg.keyword.value)
            if name in DROPPED and name not in parameters:
                continue
        elif place < len(parameters):
            name = parameters[place]
        else:
            return None
        if name not in parameters or name in bound:
            return None
        bound[name] = arg.value
    return bound


class Context:
    """The state of one rewriting.

    Attributes:
        names: the imports.
        kinds: what is known about each expression.
        report: the remarks.
        owners: the classes around the current statement.
        functions: the functions around the current statement.
        statements: the calls of in-place methods that are statements of their own.
        has_empty: whether the file makes tensors without elements, as ``torch.empty(0)``.
    """

    def __init__(self, names: Names, kinds: Inference, report: Report):
        self.names = names
        self.kinds = kinds
        self.report = report
        self.owners: list[str] = []
        self.functions: list[cst.FunctionDef] = []
        self.statements: set[cst.CSTNode] = set()
        self.has_empty = False

    def kind(self, node: cst.CSTNode) -> Kind:
        return self.kinds.kind(node)

    @property
    def in_module(self) -> bool:
        """Whether the current statement is in a method of a module, so that ``self`` is the module."""
        if not self.owners or not self.functions or not self.kinds.is_module_class(self.owners[-1]):
            return False
        first = self.functions[0].params.params
        return bool(first) and first[0].name.value == "self"

    def call(self, function: str, *arguments: cst.Arg | cst.BaseExpression) -> cst.Call:
        """A call of a dotted name that begins with a standard short name, such as ``jnp``."""
        head, dot, rest = function.partition(".")
        return call(self.names.use(head) + dot + rest, *arguments)

    def value(self, source: str) -> cst.BaseExpression:
        """An expression that begins with a standard short name, such as ``jnp``."""
        head, dot, rest = source.partition(".")
        return expression(self.names.use(head) + dot + rest)

    def ops(
        self, node: cst.CSTNode, name: str, arguments: Sequence[cst.Arg | cst.BaseExpression]
    ) -> cst.BaseExpression | None:
        """A call of purenn's function of this name; None, with a remark, if purenn has none."""
        plain = name.rstrip("_") if name.endswith("_") and not name.startswith("_") else name
        kept = [
            a for a in arguments if not (isinstance(a, cst.Arg) and a.keyword and a.keyword.value in DROPPED - {"copy"})
        ]
        if plain in known_functions():
            return self.call(f"F.{plain}", *kept)
        if plain in known_ops():
            return self.call(f"ops.{plain}", *kept)
        self.report.todo(node, f"torch's {name} has no translation", "write it with jax.numpy")
        return None

    def from_row(
        self, row: Row, tensor: cst.BaseExpression | None, bound: BoundArguments, method: bool
    ) -> cst.BaseExpression | None:
        """The translation by a row of the table; None if the row doesn't pass an argument on."""
        handed = {parameter for _, parameter in row.arguments}
        if not row.callee[0].isalpha() and row.callee[0] != ".":
            if tensor is None or list(bound) != list(row.parameters):
                return None
            return binary(tensor, row.callee, bound[row.parameters[0]])
        if not bound.keys() <= handed:
            return None
        arguments, by_position = [], True
        for keyword, parameter in row.arguments:
            value = tensor if parameter == "self" else bound.get(parameter)
            if value is None:
                if keyword is None:
                    by_position = False
                continue
            arguments.append((keyword, parameter, value))
        passed = []
        for place, (keyword, parameter, value) in enumerate(arguments):
            simple = keyword is not None and place < 2 and parameter in ("dim", "dim0", "dim1")
            passed.append(
                argument(
                    _as_axis(value) if parameter.startswith("dim") else value,
                    None if simple and by_position and self._fits(row, place, parameter) else keyword,
                )
            )
        if row.callee.startswith("self."):
            assert tensor is not None
            return attribute(tensor, row.callee.removeprefix("self."))
        if row.callee.startswith("."):
            assert tensor is not None
            if method:
                return call(attribute(as_primary(tensor), row.callee[1:]), *passed)
            return self.call(f"jnp{row.callee}", argument(tensor), *passed)
        return self.call(row.callee, *passed)

    def _fits(self, row: Row, place: int, parameter: str) -> bool:
        """Whether an argument needs no keyword, since it has the same position in the callee."""
        order = [p for _, p in row.arguments]
        if row.callee.split(".")[0] == "jnp" and row.callee.split(".")[1] in ("stack", "concatenate"):
            return False
        return order.index(parameter) == place


def _as_axis(value: cst.BaseExpression) -> cst.BaseExpression:
    """An axis as jax takes it: a tuple for a list."""
    if isinstance(value, cst.List):
        elements = list(value.elements)
        if len(elements) == 1:
            elements[0] = elements[0].with_changes(comma=cst.Comma())
        return cst.Tuple(elements)
    return value
