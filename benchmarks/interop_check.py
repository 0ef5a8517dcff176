"""A torch architecture beside its conversion: values, gradients and a step in training mode."""

from __future__ import annotations

import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch
from interop_page import GRADIENT_BOUND, VALUE_BOUND
from torch.utils import _pytree as pytree

from purenn.interop import from_torch
from purenn.interop.convert.layer import Converted
from purenn.tree import flatten

__all__ = ["arrays", "check", "counted", "jax_loss", "leaves"]

RANDOM = ("rand", "randn", "bernoulli", "uniform", "normal", "multinomial", "exponential", "random")
NETWORKS = ("lstm", "gru", "rnn_tanh", "rnn_relu")
DROPOUTS = ("dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout", "native_dropout")


def arrays(value: Any) -> Any:
    """torch tensors in containers as numpy arrays."""
    return pytree.tree_map(lambda x: x.detach().numpy() if isinstance(x, torch.Tensor) else x, value)


def leaves(output: Any) -> list[Any]:
    """The arrays of an output, in order."""
    if isinstance(output, dict):
        output = list(output.values())
    if isinstance(output, tuple | list):
        return [x for part in output for x in leaves(part)]
    return [output] if hasattr(output, "dtype") else []


def counted(tensors: list[Any]) -> list[bool]:
    """Which tensors of an output are terms of the scalar loss."""
    return [(x.is_floating_point() or x.is_complex()) and x.requires_grad for x in tensors]


def jax_loss(outputs: list[Any], counts: list[bool]) -> Any:
    """The scalar loss of the zoo: a weighted sum of all float entries, each with its own weight."""
    total = 0.0
    for x, count in zip(outputs, counts, strict=True):
        if count:
            y = jnp.stack((x.real, x.imag), -1) if jnp.iscomplexobj(x) else x
            y = jnp.where(jnp.isfinite(y), y, 0.0).ravel()
            y = y.astype(jnp.promote_types(y.dtype, jnp.float32))
            weights = np.cos(np.arange(y.size) * 0.7 + 0.3) / max(y.size, 1) ** 0.5
            total = total + (y * weights.astype(y.dtype)).sum()
    return total


def gradient_distance(got: dict[str, Any], wanted: dict[str, Any]) -> float:
    """The largest difference, relative to the parameter's largest entry or a thousandth of the largest of all."""
    largest = max((float(np.abs(w).max(initial=0.0)) for w in wanted.values() if w is not None), default=0.0)
    worst = 0.0
    for name, w in wanted.items():
        g = np.zeros(()) if got[name] is None else np.asarray(got[name], np.result_type(got[name], np.float64))
        expected = np.zeros(g.shape) if w is None else w
        scale = max(float(np.abs(expected).max(initial=0.0)), 1e-3 * largest, 1e-12)
        worst = max(worst, float(np.abs(g - expected).max(initial=0.0)) / scale)
    return worst


def draws(mode: Any) -> bool:
    """Whether a graph uses random numbers."""
    for node in mode.graph.nodes:
        base = node.op.partition(".")[0]
        place = 6 if node.op.endswith(".data") else 5
        if base in NETWORKS and node.args[place] and node.args[place + 1]:
            return True
        if base in DROPOUTS and node.args[1] and node.args[2]:
            return True
        if base.removesuffix("_like") in RANDOM or (
            base == "scaled_dot_product_attention" and len(node.args) > 4 and node.args[4]
        ):
            return True
    return False


def still(module: Any) -> None:
    """Switches off every dropout: torch's own, and the rates that other packages keep in attributes or a config."""
    for part in module.modules():
        for owner in (part, getattr(part, "config", None)):
            for name, value in list(vars(owner).items()) if hasattr(owner, "__dict__") else ():
                rate = "drop" in name or (name == "p" and "Dropout" in type(part).__name__)
                if rate and isinstance(value, float):
                    setattr(owner, name, 0.0)


def built(zoo: Any, name: str, double: bool = False, quiet: bool = False) -> Any:
    """A new instance of an architecture, on request in float64 or without dropout."""
    case = zoo.build(name)
    if quiet:
        still(case.module)
    if double:
        case.module.double()
        args, kwargs = pytree.tree_map(
            lambda x: x.double() if isinstance(x, torch.Tensor) and x.is_floating_point() else x,
            (case.args, case.kwargs),
        )
        return type(case)(case.module, args, kwargs)
    return case


def torch_run(zoo: Any, case: Any, training: bool) -> tuple[list[Any], dict[str, Any]]:
    """torch's outputs, and its gradients as numpy arrays. Modes and buffers are restored afterwards."""
    kept = {n: b.clone() for n, b in case.module.named_buffers()}
    parameters = {n: p for n, p in case.module.named_parameters() if p.requires_grad}
    case.module.train(training)
    output = case.module(*case.args, **case.kwargs)
    found = torch.autograd.grad(zoo.loss(output), list(parameters.values()), allow_unused=True)
    case.module.eval()
    with torch.no_grad():
        for n, b in case.module.named_buffers():
            b.copy_(kept[n])
    return zoo.leaves(output), {n: None if g is None else g.numpy() for n, g in zip(parameters, found, strict=True)}


def double_run(zoo: Any, name: str, training: bool, quiet: bool) -> tuple[list[Any], dict[str, Any]] | None:
    """The same in float64, or None for a module that runs only in float32."""
    case = built(zoo, name, True, quiet)
    torch.set_default_dtype(torch.float64)  # after the weights were drawn in float32
    try:
        return torch_run(zoo, case, training)
    except RuntimeError:
        return None
    finally:
        torch.set_default_dtype(torch.float32)


def jax_run(converted: Any, case: Any, counts: list[bool], training: bool) -> tuple[list[Any], dict[str, Any]]:
    """The outputs and gradients of a converted architecture."""
    layer, params, state = converted
    args, kwargs = arrays(case.args), arrays(case.kwargs)

    def run(params: Any) -> Any:
        y, _ = layer.apply(params, state, *args, training=training, rng=jax.random.key(0), **kwargs)
        return jax_loss(leaves(y), counts), leaves(y)

    (_, got), grads = jax.jit(jax.value_and_grad(run, has_aux=True))(params)
    return list(got), flatten(grads)


def compared(zoo: Any, name: str, case: Any, converted: Any, training: bool, quiet: bool) -> dict[str, Any]:
    """Errors of values and gradients: relative to torch, and the errors of both relative to torch in float64.

    If float32 is not enough to decide, ``exact`` is the largest error when both sides run in float64.
    """
    tensors, wanted = torch_run(zoo, case, training)
    got, grads = jax_run(converted, case, counted(tensors), training)
    found = {"value": zoo.distance(got, tensors), "gradient": gradient_distance(grads, wanted)}
    if (double := double_run(zoo, name, training, quiet)) is not None:
        found |= {"far_value": zoo.distance(got, double[0]), "far_gradient": gradient_distance(grads, double[1])}
        found["torch_value"] = zoo.distance(tensors, double[0])
        found["torch_gradient"] = gradient_distance(wanted, double[1])
        if found["value"] > VALUE_BOUND or found["gradient"] > GRADIENT_BOUND:
            with jax.enable_x64(True):
                exact = built(zoo, name, True, quiet)
                torch.set_default_dtype(torch.float64)
                try:
                    again = from_torch(exact.module, *exact.args, **exact.kwargs)
                finally:
                    torch.set_default_dtype(torch.float32)
                got, grads = jax_run(again, exact, counted(double[0]), training)
            found["exact"] = max(zoo.distance(got, double[0]), gradient_distance(grads, double[1]))
    return found


def check(zoo: Any, name: str) -> tuple[dict[str, Any], Any, Any]:
    """One architecture: its row of the table, the torch side, and the layer with its arrays."""
    case = built(zoo, name)
    row: dict[str, Any] = {"name": name, "package": zoo.REGISTRY[name].package}
    begun = time.perf_counter()
    converted = from_torch(case.module, *case.args, **case.kwargs)
    row["convert"] = time.perf_counter() - begun
    program = converted[0].program if isinstance(converted[0], Converted) else None
    row["way"] = program.evaluation.way if program else "stock"
    row["assumptions"] = len(program.evaluation.remarks()) if program else 0
    row["parameters"] = sum(p.numel() for p in case.module.parameters())
    row["evaluation"] = compared(zoo, name, case, converted, False, False)
    random = program is None or isinstance(program.training, str) or draws(program.training)
    trained, quiet = (case, converted), False
    if random:
        silent, quiet = built(zoo, name, quiet=True), True
        trained = silent, from_torch(silent.module, *silent.args, **silent.kwargs)
        program = trained[1][0].program if isinstance(trained[1][0], Converted) else None
    if program and isinstance(program.training, str):
        row["training"] = {"refused": program.training.partition("\n")[2].strip().splitlines()[0]}
    elif program and draws(program.training):
        row["training"] = {"random": True}
    else:
        row["training"] = compared(zoo, name, *trained, True, quiet)
    return row, case, converted
