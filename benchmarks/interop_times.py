"""The cost of a call and of a training step: converted and compiled, in torch, and by torchax."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch
from interop_check import arrays, counted, jax_loss, leaves

__all__ = ["timed"]

ROUNDS, SECONDS = 15, 30.0


def timed(zoo: Any, name: str, case: Any, converted: Any) -> dict[str, Any]:
    """Milliseconds per call and per training step (gradient, and plain gradient descent), in evaluation mode."""
    counts = counted(zoo.leaves(case.module(*case.args, **case.kwargs)))
    contestants = ours(case, converted, counts) | torch_eager(zoo, case)
    for run in contestants.values():
        run()
    beside, why = torchax(zoo.build(name), counts)  # torchax may leave its tensors in a module
    found = interleaved(contestants | beside)
    return found | ({"torchax": why} if why else {})


def ours(case: Any, converted: Any, counts: list[bool]) -> dict[str, Callable[[], Any]]:
    """The compiled call and step of a converted architecture."""
    layer, params, state = converted
    args, kwargs = arrays(case.args), arrays(case.kwargs)
    apply = jax.jit(lambda p: leaves(layer.apply(p, state, *args, **kwargs)[0]))

    @jax.jit
    def step(p: Any) -> Any:
        grads = jax.grad(lambda p: jax_loss(leaves(layer.apply(p, state, *args, **kwargs)[0]), counts))(p)
        return jax.tree.map(lambda a, g: a - 1e-6 * g, p, grads)

    return {
        "call": lambda: jax.block_until_ready(apply(params)),
        "step": lambda: jax.block_until_ready(step(params)),
    }


def torch_eager(zoo: Any, case: Any) -> dict[str, Callable[[], Any]]:
    """The same in torch."""
    trained = [p for p in case.module.parameters() if p.requires_grad]

    def call() -> None:
        with torch.no_grad():
            case.module(*case.args, **case.kwargs)

    def step() -> None:
        grads = torch.autograd.grad(zoo.loss(case.module(*case.args, **case.kwargs)), trained, allow_unused=True)
        with torch.no_grad():
            for p, g in zip(trained, grads, strict=True):
                if g is not None:
                    p.sub_(g, alpha=1e-6)

    return {"torch_call": call, "torch_step": step}


def loaded_torchax() -> Any:
    """torchax with its operators loaded. It names overloads for named tensors, which torch 2.13 no longer has."""
    packet: Any = torch._ops.OpOverloadPacket
    found = packet.__getattr__

    def overload(self: Any, name: str) -> Any:
        known = self.overloads()
        return found(self, name if name in known or name.startswith("_") else known[0])

    packet.__getattr__ = overload
    try:
        import torchax

        torchax.default_env()
    finally:
        packet.__getattr__ = found
    return torchax


def torchax(case: Any, counts: list[bool]) -> tuple[dict[str, Callable[[], Any]], str]:
    """The same by torchax, as far as it works, and the reason why the rest fails."""
    found: dict[str, Callable[[], Any]] = {}
    args, kwargs = jax.tree.map(
        lambda x: jnp.asarray(x) if isinstance(x, np.ndarray) else x, arrays((case.args, case.kwargs))
    )
    try:
        names = {n for n, p in case.module.named_parameters() if p.requires_grad}
        weights, function = loaded_torchax().extract_jax(case.module)
        trained = {n: w for n, w in weights.items() if n in names}
        rest = {n: w for n, w in weights.items() if n not in names}
        call = jax.jit(lambda w: leaves(function(w, args, kwargs)))
        jax.block_until_ready(call(weights))
        found["torchax_call"] = lambda: jax.block_until_ready(call(weights))

        @jax.jit
        def step(p: Any) -> Any:
            grads = jax.grad(lambda p: jax_loss(leaves(function(p | rest, args, kwargs)), counts))(p)
            return jax.tree.map(lambda a, g: a - 1e-6 * g, p, grads)

        jax.block_until_ready(step(trained))
        found["torchax_step"] = lambda: jax.block_until_ready(step(trained))
    except Exception as error:
        lines = str(error).strip().splitlines()
        return found, f"{type(error).__name__}: {lines[0][:120] if lines else ''}"
    return found, ""


def interleaved(contestants: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """The median milliseconds of each, taken in turns."""
    taken: dict[str, list[float]] = {n: [] for n in contestants}
    started = time.perf_counter()
    for done in range(ROUNDS):
        if done >= 5 and time.perf_counter() - started > SECONDS:
            break
        for n, run in contestants.items():
            run()  # not timed: threads of the other library may still spin
            begun = time.perf_counter()
            run()
            taken[n].append(time.perf_counter() - begun)
    return {n: statistics.median(ts) * 1e3 for n, ts in taken.items()}
