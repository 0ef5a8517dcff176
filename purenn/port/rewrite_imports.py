"""Rewrites imports: torch's become purenn's, and the port's own stand where torch was first imported."""

from __future__ import annotations

import importlib

import libcst as cst

from purenn.port.context import Context
from purenn.port.einops_layers import EINOPS_LAYERS, with_layers
from purenn.port.imports import MODULES, UsedNames, canonical, exists, imported
from purenn.port.nodes import code, statement
from purenn.port.remedies import remedy, remedy_of

__all__ = ["Imports"]


class Imports(cst.CSTTransformer):
    """The part of a rewriting that is about names of modules.

    Attributes:
        called: the functions of all calls seen so far.
    """

    def __init__(self, context: Context):
        super().__init__()
        self.context = context
        self.names = context.names
        self.report = context.report
        self.called: set[cst.CSTNode] = set()
        self.present: cst.CSTNode | None = None
        self.layers: list[str] = []  # layers of einops that the file uses
        self.first: cst.CSTNode | None = None  # the first statement that imports torch
        # imports without a counterpart, by their local names
        self.gone: dict[str, tuple[str, cst.CSTNode, str, str]] = {}

    def visit_Import(self, node: cst.Import | cst.ImportFrom) -> bool:
        return False

    visit_ImportFrom = visit_Import

    def _in_module(self, node: cst.Attribute, qualified: str, module: str, target: str) -> cst.BaseExpression | None:
        """A name of ``torch.nn`` and the packages below it."""
        rest = qualified.removeprefix(f"{module}.")
        first = rest.split(".")[0]
        if not exists(target, first) and f"{first}_" not in vars(importlib.import_module(target)):
            if f"{module}.{first}" not in MODULES:
                why = remedy(qualified.removeprefix("torch.")) or remedy_of(module, first)
                self.report.todo(node, f"{qualified} has no counterpart", why)
            return None
        spellings = {
            "purenn.nn": "nn",
            "purenn.functional": "F",
            "purenn.nn.init": "nn.init",
            "purenn.nn.utils": "nn.utils",
        }
        if qualified.split(".")[1] == "nn" and code(node).startswith("torch."):
            short = spellings.get(target)
            return self.context.value(f"{short}.{rest}") if short else None
        return None

    def _new_lines(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.BaseStatement | cst.FlattenSentinel[cst.BaseStatement] | cst.RemovalSentinel:
        """Rewrites a line that imports torch; the first such line also gets the port's own imports."""
        small = original_node.body[0] if original_node.body else None
        if not isinstance(small, cst.Import | cst.ImportFrom):
            return updated_node
        if isinstance(small, cst.ImportFrom) and small.relative:
            return updated_node
        rows = list(imported(small))
        if isinstance(small, cst.ImportFrom) and isinstance(small.names, cst.ImportStar):
            if code(small.module or cst.Name("x")).startswith("torch"):
                self.report.todo(small, "names are imported by *", "import the names that are used")
                return self._leave_again(updated_node)
            return updated_node
        if isinstance(small, cst.ImportFrom) and code(small.module or cst.Name("x")) == "einops.layers.torch":
            return self._einops(updated_node, [local for local, _, _ in rows])
        if not any(qualified.split(".")[0] == "torch" for _, qualified, _ in rows):
            return updated_node
        self.present = original_node
        kept, new = self._split(small, rows)
        lines: list[cst.BaseStatement] = []
        if self.first is None:
            self.first = original_node
            lines.append(statement("__purenn_imports__"))
        lines += [statement(line) for line in new]
        if kept is not None:
            lines.append(cst.SimpleStatementLine([kept]))
        if not lines:
            if updated_node.leading_lines and any(line.comment for line in updated_node.leading_lines):
                return cst.FlattenSentinel([updated_node.with_changes(body=[])])
            return cst.RemoveFromParent()
        lines[0] = lines[0].with_changes(leading_lines=[*updated_node.leading_lines])
        if isinstance(lines[-1], cst.SimpleStatementLine) and updated_node.trailing_whitespace.comment:
            lines[-1] = lines[-1].with_changes(trailing_whitespace=updated_node.trailing_whitespace)
        return cst.FlattenSentinel(lines)

    def _einops(self, updated_node: cst.SimpleStatementLine, locals_: list[str]) -> cst.SimpleStatementLine:
        """Replaces the import of einops' layers, which are torch modules, by modules of the same names."""
        self.layers += [local for local in locals_ if local in EINOPS_LAYERS]
        if len(self.layers) < len(locals_):
            return updated_node
        self.names.use("nn")
        new = statement("import einops")
        assert isinstance(new, cst.SimpleStatementLine)
        return new.with_changes(leading_lines=updated_node.leading_lines)

    def _leave_again(self, updated_node: cst.SimpleStatementLine) -> cst.SimpleStatementLine:
        comment = cst.EmptyLine(comment=cst.Comment("# PORT: names are imported by *: import the names that are used"))
        return updated_node.with_changes(leading_lines=[*updated_node.leading_lines, comment])

    def _split(
        self, small: cst.Import | cst.ImportFrom, rows: list[tuple[str, str, str]]
    ) -> tuple[cst.Import | cst.ImportFrom | None, list[str]]:
        """The part of an import that stays, and the lines that the rest becomes."""
        new: list[str] = []
        kept = []
        aliases = [] if isinstance(small.names, cst.ImportStar) else list(small.names)
        for alias, (local, qualified, module) in zip(aliases, rows, strict=True):
            line = self._line(local, canonical(module if isinstance(small, cst.Import) else qualified), qualified)
            if line is None:
                kept.append(alias)
            elif line and line not in new:
                new.append(line)
        new = _merged(new)
        if not kept:
            return None, new
        kept[-1] = kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
        return small.with_changes(names=kept), new

    def _line(self, local: str, full: str, qualified: str) -> str | None:
        """The translation of one imported name: "" if it has none, None if its import stays."""
        if full.split(".")[0] != "torch":
            return None
        if full == "torch":
            line = "import torch" + (f" as {local}" if local != "torch" else "")
            self.gone.setdefault(local, (line, self.present or cst.Name(local), full, ""))
            return ""
        if full in MODULES:
            target = MODULES[full]
            if qualified == "torch":  # import torch.nn
                return ""
            package, _, last = target.rpartition(".")
            return f"from {package} import {last}" + (f" as {local}" if local != last else "")
        package, _, last = full.rpartition(".")
        if package in MODULES:
            if exists(MODULES[package], last):
                return f"from {MODULES[package]} import {last}" + (f" as {local}" if local != last else "")
            return self._without(local, full, qualified, remedy(full[6:]) or remedy_of(package, last))
        return self._without(local, full, qualified, remedy(full[6:]) or "write it with jax")

    def _without(self, local: str, full: str, qualified: str, why: str) -> str:
        """Records an import that has no counterpart: it stays only if the port still uses its name."""
        package, _, last = full.rpartition(".")
        if qualified == "torch":
            line = f"import {full}"
        else:
            line = f"from {package} import {last}" + (f" as {local}" if local != last else "")
        key = local if qualified != "torch" else f"torch:{full}"
        self.gone[key] = line, self.present or cst.Name(local), full, why
        return ""

    def _still_used(self, finder: UsedNames) -> list[str]:
        """The imports of torch that untranslated code needs."""
        lines = []
        for local, (line, node, full, why) in self.gone.items():
            if local.startswith("torch:"):
                if any(dotted.startswith(f"{full}.") for dotted in finder.dotted):
                    lines.append(line)
            elif local in finder.names and full != "torch":
                lines.append(line)
                self.report.todo(node, f"{full} stays torch's", why)
                self.report.marks.clear()
            elif local in finder.names and not any(other.startswith("import torch.") for other in lines):
                lines.append(line)
        return sorted(lines)

    def leave_Module(self, original_node: cst.Module, updated_node: cst.Module) -> cst.Module:
        finder = UsedNames()
        updated_node.visit(finder)
        used = finder.names | ({"nn"} if self.layers else set())
        lines = [*self._still_used(finder), *self.names.imports(used)]
        late = [line for line in lines if line.startswith("from purenn.")]  # after those from purenn itself
        lines = [line for line in lines if line not in late]
        body: list[cst.BaseStatement] = []
        lead: list[cst.EmptyLine] = []
        open_for_late = False
        for each in updated_node.body:
            if code(each).strip().endswith("__purenn_imports__"):
                lead, open_for_late = list(each.leading_lines), True  # pyright: ignore[reportAttributeAccessIssue]
                body += _led([statement(line) for line in lines], lead)
                lead = [] if lines else lead
                continue
            if open_for_late and not code(each).strip().startswith("from purenn import"):
                body += _led([statement(line) for line in late], lead)
                open_for_late, lead = False, [] if late else lead
            body.append(*_led([each], lead))
            lead = []
        if open_for_late:
            body += [statement(line) for line in late]
        if self.first is None:
            body = [*map(statement, [*lines, *late]), *body]
        return updated_node.with_changes(body=with_layers(body, self.layers))


def _led(statements: list[cst.BaseStatement], lead: list[cst.EmptyLine]) -> list[cst.BaseStatement]:
    """The statements, with these empty lines and comments before the first."""
    if not statements or not lead:
        return statements
    first = statements[0]
    new = first.with_changes(leading_lines=[*lead, *getattr(first, "leading_lines", ())])
    return [new, *statements[1:]]


def _merged(lines: list[str]) -> list[str]:
    """Lines that import from the same module, as one."""
    grouped: dict[str, list[str]] = {}
    for line in lines:
        head, _, tail = line.partition(" import ")
        grouped.setdefault(head, []).append(tail)
    return [f"{head} import {', '.join(tails)}" for head, tails in grouped.items()]
