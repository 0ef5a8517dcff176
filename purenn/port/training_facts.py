"""The optimizers, schedulers and clipping of a file."""

from __future__ import annotations

from dataclasses import dataclass, field

import libcst as cst
from libcst import matchers as m

from purenn.port.imports import Names
from purenn.port.loops import call_of, is_clip
from purenn.port.nodes import as_name, call, code
from purenn.port.optimizers import modules_of

__all__ = ["Collect", "Facts", "Schedule"]


@dataclass
class Schedule:
    """A scheduler of the file: its class, its optimizer, its arguments, and whether it steps with every batch."""

    name: str
    optimizer: str
    args: list[cst.Arg]
    by_batch: bool | None = None


@dataclass
class Facts:
    """The optimizers of a file and what belongs to them, by the source of their names."""

    constructors: dict[str, cst.Call] = field(default_factory=dict)
    modules: dict[str, list[str]] = field(default_factory=dict)
    schedules: dict[str, Schedule] = field(default_factory=dict)
    clips: dict[str, cst.BaseExpression] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)


class Collect(cst.CSTVisitor):
    """Finds the optimizers, schedulers and clipping of a file."""

    def __init__(self, names: Names):
        self.names = names
        self.facts = Facts()

    def visit_Assign(self, node: cst.Assign) -> None:
        if not isinstance(node.value, cst.Call) or len(node.targets) != 1:
            return
        qualified, target = self.names.qualify(node.value.func) or "", code(node.targets[0].target)
        last = qualified.rsplit(".", 1)[-1]
        if qualified.startswith("torch.optim.lr_scheduler."):
            first = node.value.args[0].value if node.value.args else None
            if first is not None:
                self.facts.schedules[target] = Schedule(last, code(first), list(node.value.args))
        elif qualified.startswith("torch.optim.") and node.value.args:
            modules = modules_of(node.value.args[0].value)
            self.facts.constructors[target] = node.value
            if modules:
                self.facts.modules[target] = [code(module) for module in modules]

    def visit_IndentedBlock(self, node: cst.IndentedBlock) -> None:
        self._block(node.body)

    def visit_Module(self, node: cst.Module) -> None:
        self._block(node.body)

    def _block(self, body: object) -> None:
        statements = list(body)  # pyright: ignore[reportArgumentType]
        steps = [code(x) for each in statements if (x := call_of(each, "step")) is not None]
        for each in statements:
            stepped = call_of(each, "step")
            if stepped is not None and (name := code(stepped)) in self.facts.schedules:
                self.facts.schedules[name].by_batch = self.facts.schedules[name].optimizer in steps
            if is_clip(each):
                optimizer = next((s for s in steps if s not in self.facts.schedules), None)
                clip = _clip(each)
                if optimizer and clip is not None:
                    self.facts.clips[optimizer] = clip


def _clip(node: cst.CSTNode) -> cst.BaseExpression | None:
    """The optax transformation that corresponds to a statement that clips gradients."""
    for each in m.findall(node, m.Call()):
        assert isinstance(each, cst.Call)
        name = (as_name(each.func) or "").rsplit(".", 1)[-1]
        if name.startswith("clip_grad") and len(each.args) >= 2:
            return call("optax.clip" if "value" in name else "optax.clip_by_global_norm", each.args[1].value)
    return None
