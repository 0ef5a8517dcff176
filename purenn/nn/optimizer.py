"""Training in object style: one jitted pure step inside."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax

from purenn import random
from purenn.nn import call
from purenn.nn.module import Module
from purenn.tree import flatten, nest

if TYPE_CHECKING:
    import optax

__all__ = ["Optimizer"]


class Optimizer:
    """A module's parameters trained by an optax transformation.

    A step is compiled once for a loss function (told by its code and what it closes over, so that a lambda in a
    loop is one function) and the module's structure. Frozen parameters (`Module.requires_grad_`) are left alone,
    tied ones are one. A step that raises leaves the module, the optimizer and the generator as they were.

    Args:
        module: the module; its modes are used as they are at each step.
        transformation: any optax transformation, such as ``optax.adam(1e-3)``.
        donate: whether a step may reuse the memory of the old arrays: they must not be kept elsewhere then, and a
            step that fails while it runs loses them.

    Attributes:
        state: the transformation's state, to read and to set.

    Example:
        >>> import jax.numpy as jnp, optax
        >>> from purenn import nn, functional as F
        >>> net = nn.Linear(3, 1)
        >>> opt = nn.Optimizer(net, optax.sgd(0.1))
        >>> def loss_fn(net, x, y):
        ...     return F.mse_loss(net(x), y)
        >>> x, y = jnp.ones((4, 3)), jnp.zeros((4, 1))
        >>> first = opt.step(loss_fn, x, y)
        >>> bool(opt.step(loss_fn, x, y) < first)
        True
    """

    def __init__(self, module: Module, transformation: optax.GradientTransformation, *, donate: bool = False):
        import optax  # who trains has it; others are spared the time

        if not isinstance(module, Module):
            raise TypeError(f"Optimizer: module must be a Module, got {module!r}")
        if not hasattr(transformation, "init") or not hasattr(transformation, "update"):
            raise TypeError(
                f"Optimizer: transformation must be optax's, such as optax.adam(1e-3), got {transformation!r}"
            )
        if call.structure(module).lazy:
            raise ValueError(f"Optimizer: {module!r} has no arrays yet for its lazy layers: call it once before")
        self.module = module
        self.transformation = optax.with_extra_args_support(transformation)
        self.donate = donate
        self._steps: dict[Any, call.Jitted] = {}
        self._trained: list[str] = []
        self._leaves: list[Any] = []
        self._tree: Any = None
        self._followed: call.Structure | None = None
        self._follow(call.structure(module))

    @property
    def state(self) -> Any:
        return jax.tree.unflatten(self._tree, self._leaves)

    @state.setter
    def state(self, state: Any) -> None:
        leaves, tree = jax.tree.flatten(state)
        if tree != self._tree:
            raise ValueError(f"Optimizer: state must have the structure {self._tree}, got {tree}")
        self._leaves = leaves

    def _follow(self, known: call.Structure) -> None:
        """Fits the state to the parameters that are trained now: those that stay keep theirs, new ones start."""
        if known is self._followed:
            return
        trained = [name for name in known.parameters if name not in known.frozen]
        if self._tree is not None and trained == self._trained:
            self._followed = known
            return
        parameters = {name: known.parameters[name] for name in trained}
        state = self.transformation.init(nest({name: group[key] for name, (group, key) in parameters.items()}))
        old = dict(jax.tree_util.tree_leaves_with_path(self.state)) if self._tree is not None else {}

        def kept(path: Any, leaf: Any) -> Any:
            return old[path] if path in old and jax.numpy.shape(old[path]) == jax.numpy.shape(leaf) else leaf

        self._leaves, self._tree = jax.tree.flatten(jax.tree_util.tree_map_with_path(kept, state))
        self._trained, self._followed = trained, known

    def step(self, loss_fn: Callable[..., Any], *args: Any, has_aux: bool = False) -> Any:
        """Takes one step down the gradient of ``loss_fn(module, *args)``.

        Args:
            loss_fn: gives a scalar, or with ``has_aux`` a pair of a scalar and anything.
            args: arrays, or trees of arrays.
            has_aux: whether the loss comes with something else.

        Returns:
            What ``loss_fn`` gave, before the step.

        Raises:
            TypeError: the loss is no scalar.
        """
        known = call.structure(self.module)
        self._follow(known)
        which = (_identity(loss_fn), known.signature, has_aux)
        jitted = self._steps.get(which)
        if jitted is None:
            jitted = self._steps[which] = self._compiled(loss_fn, known, has_aux)
        slots, frozen = known.trained_slots, known.frozen_slots
        parameters = [group[key] for group, key in slots]
        fixed = [group[key] for group, key in frozen]
        buffers = [group[key] for group, key in known.buffer_slots]
        result, new, leaves, changed = jitted(None, parameters, self._leaves, buffers, fixed, args)
        call.write(self.module, known, changed)
        for (group, key), array in zip(slots, new, strict=True):
            group[key] = array
        known.tie()
        self._leaves = leaves
        return result

    def _compiled(self, loss_fn: Callable[..., Any], known: call.Structure, has_aux: bool) -> call.Jitted:
        module, tx, tree = self.module, self.transformation, self._tree
        names = list(known.parameters)
        trained = [name for name in names if name not in known.frozen]
        others = [name for name in names if name in known.frozen]

        import optax

        def run(stream: random.Stream, parameters: Any, leaves: Any, buffers: Any, fixed: Any, args: Any) -> Any:
            def loss(parameters: list[Any]) -> tuple[Any, Any]:
                by_name = dict(zip(trained, parameters, strict=True)) | dict(zip(others, fixed, strict=True))
                twinned, changed = call.traced_call(module, stream, [by_name[name] for name in names], buffers)
                result = loss_fn(twinned, *args)
                value = result[0] if has_aux else result
                if getattr(value, "shape", None) != ():
                    raise TypeError(f"Optimizer.step: loss_fn must give a scalar, got {value!r}")
                return value, (result, changed())

            (value, (result, changed)), gradients = jax.value_and_grad(loss, has_aux=True)(parameters)
            as_tree = lambda arrays: nest(dict(zip(trained, arrays, strict=True)))  # noqa: E731
            flat = lambda tree: [flatten(tree)[name] for name in trained]  # noqa: E731
            grads, params = as_tree(gradients), as_tree(parameters)
            with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):  # optax needs them
                updates, state = tx.update(
                    grads,
                    jax.tree.unflatten(tree, leaves),
                    params,
                    value=value,
                    grad=grads,
                    value_fn=lambda params: loss(flat(params))[0],
                )
                params = optax.apply_updates(params, updates)
            return result, flat(params), jax.tree.leaves(state), changed

        return call.Jitted(run, donate=(0, 1) if self.donate else ())


def _identity(function: Callable[..., Any]) -> Any:
    """What tells functions apart: for a plain one its code and what it closes over, else itself."""
    if not isinstance(function, types.FunctionType):
        return function
    closed = [cell.cell_contents for cell in function.__closure__ or ()]
    defaults = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    return function.__code__, tuple(map(call.Same, closed)), tuple(map(call.Same, defaults))
