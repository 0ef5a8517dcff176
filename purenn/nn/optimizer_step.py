"""The compiled program of `Optimizer.step`: the loss on copies of all that it reaches, its gradient, optax's update.

`purenn.nn.optimizer.Optimizer` makes a new `Step` and program when one of the fields changes.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp

from purenn import random
from purenn.layers.location import describe_arguments
from purenn.layers.observe import show
from purenn.nn.copies import Copies
from purenn.nn.keyed_jit import KeyedJit
from purenn.nn.optimizer_state import with_masks
from purenn.nn.program import traced
from purenn.nn.swapped import told_of_swapped
from purenn.nn.trees import Result
from purenn.tree import flatten, nest

if TYPE_CHECKING:
    import optax

__all__ = ["Step"]


class Step(NamedTuple):
    """All that the program of a step depends on, apart from the reach of its loss function.

    Attributes:
        transformation: optax's.
        has_aux: whether the loss function returns a pair of the loss and a second result.
        names: the names of the trained parameters.
        every: the names of all parameters.
        places: the places of the trained parameters among the variables that the call reaches.
        variable_count: the number of these variables.
        tree: the structure of the transformation's state.
        masked: whether the trees of the transformation have ``optax.MaskedNode()`` in place of frozen parameters.
    """

    transformation: optax.GradientTransformationExtraArgs
    has_aux: bool
    names: list[str]
    every: list[str]
    places: tuple[int, ...]
    variable_count: int
    tree: Any
    masked: bool

    def _as_tree(self, arrays: list[Any]) -> Any:
        by_name = dict(zip(self.names, arrays, strict=True))
        return with_masks(by_name, self.every) if self.masked else nest(by_name)

    def _as_list(self, tree: Any) -> list[Any]:
        flat = flatten(tree)
        return [flat[name] for name in self.names]

    def _loss(self, copies: Copies, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The loss, and the result of the loss function."""
        loss_fn, module = (copies.of(value) for _, value in copies.reach.roots[:2])
        try:
            result = loss_fn(module, *args, **kwargs)
        except TypeError as error:
            if (told := told_of_swapped(error)) is None:
                raise
            raise TypeError(told) from error
        value = result[0] if self.has_aux else result
        if getattr(value, "shape", None) != () or not jnp.issubdtype(value.dtype, jnp.floating):
            raise TypeError(
                "Optimizer.step: the loss function must give a floating-point scalar that is computed from the "
                f"module, got {describe_arguments((value,), {}) or 'None'}"
            )
        return value, Result.of(result, "the loss function")

    def program(self, donate: bool) -> KeyedJit:
        """The program; ``donate`` says whether it may reuse the memory of the parameters and of the state."""
        import optax

        chosen = set(self.places)
        untrained_places = [i for i in range(self.variable_count) if i not in chosen]

        def run(
            stream: random.Stream,
            parameters: list[Any],
            leaves: Sequence[Any],
            untrained: list[Any],
            arrays: list[Any],
            inputs: list[Any],
        ) -> Any:
            def loss(parameters: list[Any]) -> tuple[Any, tuple[Any, Any]]:
                by_place = dict(zip((*self.places, *untrained_places), (*parameters, *untrained), strict=True))
                values = [by_place[i] for i in range(len(by_place))]
                # each evaluation draws the same numbers: a line search compares values of one function
                (value, result), changed = traced(stream.afresh(), values, arrays, inputs, None, self._loss)
                return value, (result, changed)

            def gradient(parameters: list[Any]) -> tuple[Any, Any]:
                value, gradients = jax.value_and_grad(loss, has_aux=True)(parameters)
                return value, self._as_tree([g.conj() if jnp.iscomplexobj(g) else g for g in gradients])

            (value, (result, changed)), grads = gradient(parameters)
            show(value, "the loss of Optimizer.step")
            params = self._as_tree(parameters)
            extra = {
                "value": value,
                "grad": grads,
                "value_fn": lambda params: loss(self._as_list(params))[0],
                "grad_fn": lambda params, *batch: gradient(self._as_list(params))[1],
            }
            with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):  # optax needs them
                state = jax.tree.unflatten(self.tree, leaves)
                updates, state = _update(self.transformation.update, grads, state, params, extra)
                new_parameters = self._as_list(optax.apply_updates(params, updates))
            for name, new in zip(self.names, new_parameters, strict=True):
                show(new, f"the parameter {name} after Optimizer.step", late=True)
            return (
                result,
                new_parameters,
                jax.tree.leaves(state),
                {untrained_places.index(i): new for i, new in changed.items()},
            )

        return KeyedJit(run, "optimizer_step", donate=(0, 1) if donate else ())


def _update(
    update: Callable[..., Any],
    grads: Mapping[str, Any],
    state: Mapping[str, Any],
    params: Mapping[str, Any],
    extra: dict[str, Any],
) -> Any:
    """Calls the update of a transformation with the extra arguments that it takes."""
    parameters = inspect.signature(update).parameters
    if "grad_fn" not in parameters:
        del extra["grad_fn"]
    if not any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        return update(grads, state, params, **{name: value for name, value in extra.items() if name in parameters})
    extra = dict(extra)
    while True:  # a chain says that it takes anything, and hands it on to parts that may not
        try:
            return update(grads, state, params, **extra)
        except TypeError as error:
            refused = re.search(r"unexpected keyword argument '(\w+)'", str(error))
            if refused is None or refused[1] not in extra:
                raise
            del extra[refused[1]]
