"""Finds changes in place that, in torch, change another name's tensor too, because both share memory.

An array never changes, so ``y = x[0]; y += 1`` leaves ``x`` as it was; torch changes ``x``. A walk over each function
finds such statements.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from purenn.port.context import Context
from purenn.port.inplace import is_in_place, root
from purenn.port.nodes import as_name, code, names_in

__all__ = ["shared_changes"]

_VIEW_NAMES = """
    view view_as reshape transpose permute t squeeze unsqueeze expand expand_as narrow select diagonal unbind
    chunk split detach flatten unfold swapaxes movedim contiguous requires_grad_ data T mT real imag
"""
_VIEWS = frozenset(_VIEW_NAMES.split())
_IN_PLACE_FUNCTIONS = {
    "relu",
    "elu",
    "leaky_relu",
    "hardtanh",
    "relu6",
    "selu",
    "celu",
    "silu",
    "mish",
    "dropout",
    "threshold",
}


def viewed(node: cst.BaseExpression | None) -> str | None:
    """The name whose memory the value of an expression may share, or None."""
    while node is not None:
        name = as_name(node)
        if isinstance(node, cst.Name):
            return node.value
        if isinstance(node, cst.Attribute):
            if node.attr.value in _VIEWS:
                node = node.value
                continue
            return name if name and name.startswith("self.") else None
        if isinstance(node, cst.Subscript):
            node = node.value
            continue
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value in _VIEWS:
            node = node.func.value
            continue
        return None
    return None


def _statements(body: cst.BaseSuite) -> Iterator[cst.CSTNode]:
    """The statements of a body in their order, those of inner blocks included."""
    for each in body.body:
        yield each
        for child in each.children:
            if isinstance(child, cst.BaseSuite):
                yield from _statements(child)
            elif isinstance(child, cst.If | cst.Else):
                yield child
                yield from _inner(child)


def _inner(node: cst.If | cst.Else) -> Iterator[cst.CSTNode]:
    yield from _statements(node.body)
    if isinstance(node, cst.If) and node.orelse is not None:
        yield from _inner(node.orelse)


def _changed(context: Context, small: cst.CSTNode) -> tuple[cst.BaseExpression, str] | None:
    """The tensor that a small statement changes in place, and how."""
    if isinstance(small, cst.AugAssign):
        target = small.target.value if isinstance(small.target, cst.Subscript) else small.target
        return (target, "an operator that assigns") if context.kind(target) == "tensor" else None
    if isinstance(small, cst.Assign) and isinstance(small.targets[0].target, cst.Subscript):
        target = small.targets[0].target.value
        return (target, "an assignment to a part") if context.kind(target) == "tensor" else None
    value = small.value if isinstance(small, cst.Expr | cst.Assign) else None
    if value is not None and is_in_place(value):
        return (root(value), "an in-place method") if context.kind(root(value)) == "tensor" else None
    if isinstance(value, cst.Call):
        return _inplace_argument(context, value)
    return None


def _inplace_argument(context: Context, node: cst.Call) -> tuple[cst.BaseExpression, str] | None:
    """The argument of ``F.relu(x, inplace=True)``, or of a module that was made with ``inplace=True``."""
    if not node.args:
        return None
    qualified = context.names.qualify(node.func) or ""
    maker: cst.Call | None = None
    if qualified.startswith("torch.nn.functional."):
        maker = node if qualified.rsplit(".", 1)[1].rstrip("_") in _IN_PLACE_FUNCTIONS else None
    elif (name := as_name(node.func)) and name.startswith("self.") and context.owners:
        maker = context.kinds.constructor(context.owners[-1], name.removeprefix("self."))
        while maker is not None and (as_name(maker.func) or "").endswith("Sequential") and maker.args:
            first = maker.args[0].value
            maker = first if isinstance(first, cst.Call) else None
    if maker is not None and any(
        arg.keyword and arg.keyword.value == "inplace" and code(arg.value) == "True" for arg in maker.args
    ):
        return node.args[0].value, "inplace=True"
    return None


def shared_changes(context: Context, function: cst.FunctionDef) -> Iterator[tuple[cst.CSTNode, str, str]]:
    """The statements of a function that change a tensor which shares memory with another name.

    Yields:
        The small statement, how it changes the tensor, and the other name.
    """
    statements = [
        small
        for each in _statements(function.body)
        for small in (each.body if isinstance(each, cst.SimpleStatementLine) else [each])
    ]
    bases: dict[str, str] = {}
    for place, small in enumerate(statements):
        changed = _changed(context, small)
        if changed is not None:
            target, how = changed
            name = viewed(target)
            rebinds = how == "inplace=True" and isinstance(small, cst.Assign) and _binds(small, name)
            if name is not None:
                for other in _others(bases, name):
                    if _is_read(statements[place + 1 :], other):
                        yield small, how, other
                        break
                else:
                    is_same = isinstance(target, cst.Name)
                    if how == "inplace=True" and not rebinds and is_same and _is_read(statements[place + 1 :], name):
                        yield small, how, name
        if isinstance(small, cst.Assign):
            _note(bases, small)


def _binds(small: cst.Assign, name: str | None) -> bool:
    return any(as_name(target.target) == name for target in small.targets)


def _others(bases: dict[str, str], name: str) -> list[str]:
    """The other names that share memory with a name."""

    def base(each: str) -> str:
        seen = {each}
        while each in bases and bases[each] not in seen:
            each = bases[each]
            seen.add(each)
        return each

    return [other for other in {*bases, *bases.values()} if other != name and base(other) == base(name)]


def _note(bases: dict[str, str], small: cst.Assign) -> None:
    for target in small.targets:
        pairs = [(target.target, small.value)]
        if isinstance(target.target, cst.Tuple):
            values = small.value.elements if isinstance(small.value, cst.Tuple) else None
            parts = target.target.elements
            sources = values if values is not None and len(values) == len(parts) else [small] * len(parts)
            pairs = [(part.value, each.value) for part, each in zip(parts, sources, strict=True)]
        for left, right in pairs:
            name = as_name(left)
            if name is None:
                continue
            base = viewed(right)
            if base != name:
                bases.pop(name, None)
                for other in [o for o, b in bases.items() if b == name]:
                    del bases[other]
            if base is not None and base != name:
                bases[name] = base


def _is_read(statements: list[cst.CSTNode], name: str) -> bool:
    """Whether a name is read before it is assigned anew."""
    head = name.removeprefix("self.")
    for small in statements:
        if isinstance(small, cst.Assign):
            if _reads(small.value, name, head):
                return True
            if _binds(small, name):
                return False
            if any(isinstance(t.target, cst.Subscript) and _reads(t.target, name, head) for t in small.targets):
                return True
        elif isinstance(small, cst.BaseSmallStatement):
            if _reads(small, name, head):
                return True
        elif any(_reads(child, name, head) for child in small.children if isinstance(child, cst.BaseExpression)):
            return True
    return name.startswith("self.")


def _reads(node: cst.CSTNode, name: str, head: str) -> bool:
    return f"self.{head}" in code(node) if name.startswith("self.") else name in names_in(node)
