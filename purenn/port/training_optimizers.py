"""The expressions that optimizers and schedulers of torch become; `training` puts them into the statements."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from purenn.port.imports import Names
from purenn.port.nodes import as_name, call, code, expression
from purenn.port.optimizers import modules_of, schedule, transformation
from purenn.port.training_facts import Facts, Schedule

__all__ = ["epochs_over", "optimizer_of", "schedule_of"]


def optimizer_of(target: str, constructor: cst.Call, names: Names, facts: Facts) -> cst.BaseExpression | None:
    """The `nn.Optimizer` that corresponds to an optimizer of torch, or None; `facts` records the path in its state.

    Args:
        target: the source of the optimizer's name.
        constructor: the call that makes it.
        names: the names of the file.
        facts: the optimizers of the file and what belongs to them.
    """
    name = (names.qualify(constructor.func) or "").rsplit(".", 1)[-1]
    modules = modules_of(constructor.args[0].value)
    plan = next((plan for plan in facts.schedules.values() if plan.optimizer == target), None)
    rate = schedule_of(plan, names, facts) if plan is not None and plan.by_batch else None
    changes = plan is not None and not plan.by_batch and schedule_of(plan, names, facts) is not None
    translation = transformation(name, constructor.args, rate, changes, facts.clips.get(target))
    if modules is None or translation is None:
        return None
    tx, path = translation
    facts.paths[target] = path
    names.use("optax")
    trained = modules[0] if len(modules) == 1 else expression(f"[{', '.join(map(code, modules))}]")
    return call(f"{names.use('nn')}.Optimizer", trained, tx)


def schedule_of(plan: Schedule, names: Names, facts: Facts) -> cst.BaseExpression | None:
    """The optax schedule that corresponds to a scheduler of torch, or None."""
    if plan.optimizer not in facts.constructors:
        return None
    value = schedule(plan.name, plan.args, _learning_rate(facts.constructors[plan.optimizer]))
    if value is not None:
        names.use("optax")
    return value


def _learning_rate(constructor: cst.Call) -> cst.BaseExpression:
    for place, arg in enumerate(constructor.args):
        if (arg.keyword and arg.keyword.value == "lr") or (place == 1 and not arg.keyword):
            return arg.value
    return expression("0.001")


def epochs_over(loops: Sequence[cst.For | cst.While]) -> str | None:
    """The number of epochs that the innermost loop has run at the end of this one, as an expression of its variable."""
    loop = loops[-1] if loops else None
    if not isinstance(loop, cst.For) or not isinstance(loop.target, cst.Name) or not isinstance(loop.iter, cst.Call):
        return None
    if as_name(loop.iter.func) != "range" or not 1 <= len(loop.iter.args) <= 2:
        return None
    begin = code(loop.iter.args[0].value) if len(loop.iter.args) == 2 else "0"
    name = loop.target.value
    return name if begin == "1" else f"{name} + 1" if begin == "0" else None
