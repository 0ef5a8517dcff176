"""The whole state of a training run as one tree, for orbax or any other library of checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from purenn import random
from purenn.nn.module import Module
from purenn.nn.optimizer import Optimizer

__all__ = ["restore_training_state", "training_state"]


def training_state(opt: Optimizer, step: int = 0) -> dict[str, Any]:
    """Gives all that a training run needs to go on: arrays, the optimizer's state, the generator, the step.

    The arrays are the present ones, which never change, so they may be written in the background while training goes
    on (not with ``donate=True``, where a step reuses their memory).

    Args:
        opt: the optimizer of the module or modules.
        step: the number of steps taken.

    Returns:
        A tree of arrays with the keys ``params``, ``state``, ``optimizer``, ``generator`` and ``step``.

    Raises:
        RuntimeError: the default generator has a key that isn't known here, inside of a transformation of jax.

    Example:
        >>> import optax
        >>> from purenn import interop, nn
        >>> opt = nn.Optimizer(nn.Linear(2, 1), optax.adam(0.1))
        >>> sorted(interop.training_state(opt, 5))
        ['generator', 'optimizer', 'params', 'state', 'step']
    """
    modules = _modules(opt)
    generator = random.default_generator()
    if not isinstance(generator.key, np.ndarray):
        raise RuntimeError(
            "training_state: call it outside of jax's transformations, with a generator of threefry keys"
        )
    return {
        "params": {name: module.params for name, module in modules.items()},
        "state": {name: module.state for name, module in modules.items()},
        "optimizer": opt.state,
        "generator": {"key": np.array(generator.key), "count": np.asarray(generator.count)},
        "step": np.asarray(step),
    }


def restore_training_state(opt: Optimizer, saved: Mapping[str, Any]) -> int:
    """Puts a `training_state` back: all of it, or nothing and an error.

    Args:
        opt: an optimizer of modules of the same structure, with the same transformation.
        saved: the tree.

    Returns:
        The step.

    Raises:
        ValueError: something doesn't fit.
        RuntimeError: parameters or buffers don't fit.

    Example:
        >>> import optax
        >>> from purenn import interop, nn
        >>> opt = nn.Optimizer(nn.Linear(2, 1), optax.adam(0.1))
        >>> interop.restore_training_state(opt, interop.training_state(opt, 5))
        5
    """
    expected = {"params", "state", "optimizer", "generator", "step"}
    if not isinstance(saved, Mapping) or set(saved) != expected:
        got = sorted(saved) if isinstance(saved, Mapping) else type(saved).__name__
        raise ValueError(f"restore_training_state: the tree must have {sorted(expected)}, got {got}")
    modules = _modules(opt)
    if set(saved["params"]) != set(modules) or set(saved["state"]) - set(modules):
        raise ValueError(
            f"restore_training_state: the modules are {sorted(modules)}, the saved ones {sorted(saved['params'])}"
        )
    key = np.asarray(saved["generator"]["key"])
    if key.shape != (2,) or key.dtype != np.uint32:
        raise ValueError(f"restore_training_state: a generator's key is uint32[2], got {key.dtype}{list(key.shape)}")
    old = training_state(opt)
    try:
        _put(opt, modules, saved)
    except BaseException:
        _put(opt, modules, old)
        raise
    generator = random.default_generator()
    generator.key, generator.count = key, int(saved["generator"]["count"])
    return int(saved["step"])


def _put(opt: Optimizer, modules: Mapping[str, Module], saved: Mapping[str, Any]) -> None:
    for name, module in modules.items():
        module.params = saved["params"][name]
        module.state = saved["state"].get(name, {})
    opt.state = jax.tree.map(jax.numpy.asarray, saved["optimizer"])


def _modules(opt: Optimizer) -> dict[str, Module]:
    """The modules by name; a single one is called ``module``."""
    modules = opt.module
    if isinstance(modules, Module):
        return {"module": modules}
    return {
        str(name): module for name, module in (modules.items() if isinstance(modules, Mapping) else enumerate(modules))
    }
