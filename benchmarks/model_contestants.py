"""The contestants of torch and purenn: they train a model of `model_rows.py` and call it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import torch
from model_rows import RATE, Model
from overhead import Once

import purenn
import purenn.functional as F
from purenn import layers, nn
from purenn.tree import flatten, nest

Arrays = dict[str, np.ndarray]


class Made(NamedTuple):
    """A contestant: a training step, which returns the loss before the step, and a call in evaluation mode.

    Attributes:
        peak: the peak memory of a step in bytes; None for jax, whose compiled programs report it.
    """

    step: Once
    infer: Once
    peak: Callable[[], int] | None = None


def torch_device() -> str:
    """The device of torch: the same kind as jax's."""
    return "cuda" if jax.default_backend() == "gpu" else "cpu"


def in_torch(model: Model, start: Arrays, compiled: bool) -> Made:
    """`torch.nn`, `torch.optim.Adam`."""

    device = torch_device()

    def made() -> Any:
        net = model.module(torch.nn, torch).to(device, getattr(torch, model.dtype))
        net.load_state_dict({name: tensor(array) for name, array in start.items()})
        return net

    def tensor(array: np.ndarray) -> Any:
        if array.dtype.kind != "V":
            return torch.from_numpy(array)
        return torch.from_numpy(array.astype(np.float32)).bfloat16()

    wrapped = torch.compile if compiled else lambda net: net
    trained, net = made(), made().eval()
    run, infer = wrapped(trained), wrapped(net)
    x, y = (tensor(array).to(device) for array in model.task())
    optimizer = torch.optim.Adam(trained.parameters(), lr=RATE)

    def waited(result: Any) -> Any:
        if device == "cuda":
            torch.cuda.synchronize()
        return result

    def step() -> Any:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(run(x), y)
        loss.backward()
        optimizer.step()
        return waited(loss.detach())

    def call() -> Any:
        with torch.no_grad():
            return waited(infer(x))

    def peak() -> int:
        if device == "cuda":
            torch.cuda.reset_peak_memory_stats()
            step()
            return torch.cuda.max_memory_allocated()
        kept = [*trained.parameters(), *trained.buffers(), x, y]
        kept += [p.grad for p in trained.parameters()]
        kept += [value for state in optimizer.state.values() for value in state.values()]
        activities = [torch.profiler.ProfilerActivity.CPU]
        with torch.profiler.profile(activities=activities, profile_memory=True) as profile:
            step()
        changes = [event for event in profile.profiler.kineto_results.events() if event.name() == "[memory]"]
        changes.sort(key=lambda event: event.start_ns())
        held = np.cumsum([0, *(event.nbytes() for event in changes)])
        return sum(tensor.nbytes for tensor in kept) + int(held.max())

    return Made(step, call, peak)


def purenn_layer(model: Model, start: Arrays, jit: Callable[..., Any]) -> Made:
    """A layer value whose arrays the caller holds."""

    class Net(layers.Composite):
        def children(self) -> dict[str, layers.Layer]:
            return model.children(layers)

        def forward(self, m: Any, x: Any) -> Any:
            return model.forward(m, x, jnp)

    init, apply = Net()
    tx, key = optax.adam(RATE), jax.random.key(0)

    def begun() -> Any:
        trees = jax.eval_shape(init, key)
        return [nest({name: jnp.asarray(start[name]) for name in flatten(tree)}) for tree in trees]

    @functools.partial(jit, donate_argnums=0)
    def train(carry: Any, x: Any, y: Any) -> Any:
        params, state, opt_state, count = carry

        def loss_fn(params: Any) -> Any:
            rng = jax.random.fold_in(key, count)
            output, new_state = apply(params, state, x, training=True, rng=rng)
            return F.cross_entropy(output, y), new_state

        (loss, state), grads = jax.value_and_grad(loss_fn, has_aux=True)(params)
        updates, opt_state = tx.update(grads, opt_state, params)
        return (optax.apply_updates(params, updates), state, opt_state, count + 1), loss

    @jit
    def infer(params: Any, state: Any, x: Any) -> Any:
        return apply(params, state, x)[0]

    x, y = map(jnp.asarray, model.task())
    params, state = begun()
    carry: Any = (params, state, tx.init(params), jnp.zeros((), jnp.int32))
    kept = begun()

    def step() -> Any:
        nonlocal carry
        carry, loss = train(carry, x, y)
        return loss

    return Made(step, lambda: infer(*kept, x))


def purenn_module(model: Model, start: Arrays) -> Made:
    """`purenn.nn` and its Optimizer."""

    def made() -> Any:
        net = model.module(nn, jnp).to(model.dtype)
        net.load_state_dict(start)
        return net

    trained, net = made(), made().eval().compile()
    x, y = map(jnp.asarray, model.task())
    optimizer = nn.Optimizer(trained, optax.adam(RATE), donate=True)

    def loss_fn(net: Any, x: Any, y: Any) -> Any:
        return F.cross_entropy(net(x), y)

    return Made(lambda: optimizer.step(loss_fn, x, y), lambda: net(x))


# Variants of purenn with other options of XLA on the CPU.
OPTIONS: dict[str, dict[str, Any]] = {
    "no options": {},
    "vectors of 512": {"xla_cpu_prefer_vector_width": 512},
    "conv by Eigen": {
        "xla_cpu_experimental_ynn_fusion_type": "LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT,LIBRARY_FUSION_TYPE_REDUCE"
    },
}
OPTIONS["both"] = OPTIONS["vectors of 512"] | OPTIONS["conv by Eigen"]


def ways() -> dict[str, Callable[[Model, Arrays], Made]]:
    """The contestants of this file, torch first, then `torch.compile`, which may be left out."""
    own = getattr(purenn, "jit", None)
    return {
        "torch": functools.partial(in_torch, compiled=False),
        "torch.compile": functools.partial(in_torch, compiled=True),
        "purenn, jax.jit": functools.partial(purenn_layer, jit=jax.jit),
        **({"purenn, purenn.jit": functools.partial(purenn_layer, jit=own)} if own else {}),
        "purenn.nn": purenn_module,
    }


def by_options() -> dict[str, Callable[[Model, Arrays], Made]]:
    """Torch, and purenn's layer under each option of XLA."""
    return {"torch": ways()["torch"]} | {
        name: functools.partial(purenn_layer, jit=functools.partial(jax.jit, compiler_options=options))
        for name, options in OPTIONS.items()
    }
