"""Translations of torch's optimizers and schedules to optax."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from purenn.port.context import bind
from purenn.port.nodes import argument, as_name, call, code, expression, is_same

__all__ = ["modules_of", "schedule", "transformation"]

_PARAMETERS = {
    "Adam": ("params", "lr", "betas", "eps", "weight_decay", "amsgrad"),
    "AdamW": ("params", "lr", "betas", "eps", "weight_decay", "amsgrad"),
    "SGD": ("params", "lr", "momentum", "dampening", "weight_decay", "nesterov"),
    "RMSprop": ("params", "lr", "alpha", "eps", "weight_decay", "momentum", "centered"),
    "Adagrad": ("params", "lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps"),
    "Adadelta": ("params", "lr", "rho", "eps", "weight_decay"),
    "Adamax": ("params", "lr", "betas", "eps", "weight_decay"),
}
_RATES = {"RMSprop": "0.01", "Adagrad": "0.01", "Adadelta": "1.0", "Adamax": "0.002"}
_IGNORED = {"foreach", "fused", "maximize", "capturable", "differentiable"}
# optax's keyword and torch's parameter, with a value where optax has another default.
_KEYWORDS: dict[str, tuple[tuple[str, str, str | None], ...]] = {
    "Adam": (("eps", "eps", None),),
    "AdamW": (("eps", "eps", None), ("weight_decay", "weight_decay", "0.01")),
    "SGD": (("momentum", "momentum", None), ("nesterov", "nesterov", None)),
    "RMSprop": (
        ("decay", "alpha", "0.99"),
        ("eps", "eps", None),
        ("eps_in_sqrt", "", "False"),
        ("centered", "centered", None),
        ("momentum", "momentum", None),
    ),
    "Adagrad": (("initial_accumulator_value", "initial_accumulator_value", "0.0"), ("eps", "eps", "1e-10")),
    "Adadelta": (("rho", "rho", None), ("eps", "eps", None)),
    "Adamax": (("eps", "eps", None),),
}


def modules_of(node: cst.BaseExpression) -> list[cst.BaseExpression] | None:
    """The modules whose parameters an expression lists for an optimizer; None for an expression of another form."""
    if isinstance(node, cst.Call):
        if isinstance(node.func, cst.Attribute) and node.func.attr.value == "parameters" and not node.args:
            return [node.func.value]
        name = as_name(node.func) or ""
        if name in ("list", "tuple") and len(node.args) == 1:
            return modules_of(node.args[0].value)
        if name == "filter" and len(node.args) == 2 and "requires_grad" in code(node.args[0].value):
            return modules_of(node.args[1].value)
        if name in ("itertools.chain", "chain"):
            return _several([arg.value for arg in node.args])
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add):
        return _several([node.left, node.right])
    if isinstance(node, cst.ListComp | cst.GeneratorExp) and is_same(node.elt, node.for_in.target):
        tests = node.for_in.ifs
        if all("requires_grad" in code(test.test) for test in tests):
            return modules_of(node.for_in.iter)
    return None


def _several(nodes: Sequence[cst.BaseExpression]) -> list[cst.BaseExpression] | None:
    modules = [modules_of(each) for each in nodes]
    return None if any(each is None for each in modules) else [module for each in modules for module in each or ()]


def transformation(
    name: str, args: Sequence[cst.Arg], rate: cst.BaseExpression | None, changes: bool, clip: cst.BaseExpression | None
) -> tuple[cst.BaseExpression, str] | None:
    """The optax transformation that corresponds to an optimizer of torch.

    Args:
        name: the class of the optimizer.
        args: the arguments of its constructor.
        rate: a schedule that takes the place of the learning rate.
        changes: whether the loop sets the learning rate.
        clip: a transformation that comes before.

    Returns:
        The expression, and the path in its state to the part that holds the learning rate.
    """
    if name not in _PARAMETERS:
        return None
    kept = [arg for arg in args if not (arg.keyword and arg.keyword.value in _IGNORED)]
    bound = bind(_PARAMETERS[name], kept)
    if bound is None or "dampening" in bound or "lr_decay" in bound:
        return None
    function = {"Adam": "adam", "SGD": "sgd"}.get(name, name.lower())
    if "amsgrad" in bound and code(bound["amsgrad"]) != "False":
        return None  # optax.amsgrad corrects the bias before it takes the largest
    learning_rate = rate or bound.get("lr", expression(_RATES.get(name, "0.001")))
    arguments = [argument(learning_rate, "learning_rate" if changes else None)]
    if "betas" in bound:
        pair = bound["betas"]
        if isinstance(pair, cst.Tuple | cst.List) and len(pair.elements) == 2:
            arguments += [argument(each.value, f"b{i + 1}") for i, each in enumerate(pair.elements)]
        else:
            arguments += [argument(expression(f"{code(pair)}[{i}]"), f"b{i + 1}") for i in range(2)]
    for keyword, parameter, default in _KEYWORDS[name]:
        if parameter in bound:
            arguments.append(argument(bound[parameter], keyword))
        elif default is not None:
            arguments.append(argument(expression(default), keyword))
    tx: cst.BaseExpression = call(f"optax.{function}", *arguments)
    if changes:
        tx = call(call("optax.inject_hyperparams", expression(f"optax.{function}")), *arguments)
    parts = [] if clip is None else [clip]
    if "weight_decay" in bound and name != "AdamW" and code(bound["weight_decay"]) not in ("0", "0.0"):
        parts.append(call("optax.add_decayed_weights", bound["weight_decay"]))
    if not parts:
        return tx, ""
    return call("optax.chain", *parts, tx), f"[{len(parts)}]"


def schedule(name: str, args: Sequence[cst.Arg], rate: cst.BaseExpression) -> cst.BaseExpression | None:
    """The optax schedule that corresponds to a scheduler of torch."""
    parameters = {
        "StepLR": ("optimizer", "step_size", "gamma"),
        "ExponentialLR": ("optimizer", "gamma"),
        "MultiStepLR": ("optimizer", "milestones", "gamma"),
        "CosineAnnealingLR": ("optimizer", "T_max", "eta_min"),
        "LambdaLR": ("optimizer", "lr_lambda"),
    }
    bound = bind(parameters.get(name, ()), args)
    if bound is None or name not in parameters:
        return None
    gamma = bound.get("gamma", expression("0.1"))
    if name == "StepLR":
        whole = argument(expression("True"), "staircase")
        return call("optax.exponential_decay", argument(rate), argument(bound["step_size"]), argument(gamma), whole)
    if name == "ExponentialLR":
        return call("optax.exponential_decay", rate, expression("1"), gamma)
    if name == "MultiStepLR":
        count = expression(f"{{milestone: {code(gamma)} for milestone in {code(bound['milestones'])}}}")
        return call("optax.piecewise_constant_schedule", rate, count)
    if name == "CosineAnnealingLR":
        extra = []
        if "eta_min" in bound and code(bound["eta_min"]) not in ("0", "0.0"):
            extra = [argument(expression(f"{code(bound['eta_min'])} / {code(rate)}"), "alpha")]
        return call("optax.cosine_decay_schedule", argument(rate), argument(bound["T_max"]), *extra)
    factor = bound["lr_lambda"]
    if isinstance(factor, cst.Lambda) and len(factor.params.params) == 1:
        parameter = factor.params.params[0].name.value
        return expression(f"lambda {parameter}: {code(rate)} * ({code(factor.body)})")
    return expression(f"lambda count: {code(rate)} * {code(factor)}(count)")
