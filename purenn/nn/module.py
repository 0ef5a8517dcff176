"""`Module`: torch's ``nn.Module`` over immutable arrays.

A `Module` is a `purenn.layers.bound.Bound` that outlives its calls. Its arrays lie in the variables of ``_parameters``
and ``_buffers``, its children in ``_modules``. A stock class has its layer in ``_layer``, a user's class has a
``forward`` of its own. Calls are described in `purenn.nn.eager` and `purenn.nn.pure_calls`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Self

import jax

from purenn import random, tracing
from purenn.layers.base import Layer
from purenn.layers.bound import Bound, gives_way
from purenn.layers.location import move_location
from purenn.nn import access, eager, pure_calls
from purenn.nn.cast import Cast
from purenn.nn.handed_out import arrays_handed_out, check_handed_out, hand_out_tree, trees_handed_out
from purenn.nn.hooks import Hooked
from purenn.nn.members import Members
from purenn.nn.remedies import remedy_for
from purenn.nn.state_dict import Saved
from purenn.nn.structure import structure

__all__ = ["Module"]


class _Trees(gives_way):
    """A property that gives way to an attribute that a user has set under its name."""

    def value_for(self, m: Bound) -> Any:
        return self.method(m)

    if TYPE_CHECKING:  # else `Module.__setattr__` sets it

        def __get__(self, m: object, owner: type | None = None) -> dict[str, Any]: ...

        def __set__(self, m: object, value: Mapping[str, Any]) -> None: ...


class Module(Members, Hooked, Cast, Saved):
    """The base of all modules: subclass it as in torch.

    Assigned `Parameter`\\ s and modules are registered; a call runs ``forward``. `params` and `state`, which torch
    doesn't have, are the arrays as nested dicts, to read and to set.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import nn, functional as F
        >>> class Net(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.hidden = nn.Linear(3, 8)
        ...         self.head = nn.Linear(8, 2)
        ...     def forward(self, x):
        ...         return self.head(F.relu(self.hidden(x)))
        >>> Net()(jnp.ones((5, 3))).shape
        (5, 2)
    """

    def __init__(self) -> None:
        self._init_fields()
        vars(self).update(_layer=None, _parameters={}, _buffers={}, _modules={}, training=True, _stream=None)

    def _remedy(self, name: str) -> str:
        return remedy_for(type(self), name)

    def __dir__(self) -> list[str]:
        layer = self._layer.hyperparameters() if self._layer is not None else {}
        return sorted({*super().__dir__(), *self._parameters, *self._buffers, *self._modules, *self._computed, *layer})

    # Arrays as trees.

    @_Trees
    def params(self) -> dict[str, Any]:
        """All parameters, frozen ones too, as a nested dict: to read and to set."""
        return self._give("_parameters", "params")

    @_Trees
    def state(self) -> dict[str, Any]:
        """All buffers as a nested dict: to read and to set."""
        return self._give("_buffers", "state")

    def _give(self, kind: str, name: str) -> dict[str, Any]:
        tree = access.present(self)._tree(kind)
        if self._pure or access.in_pure_call() is not None:
            return tree
        check_handed_out()
        vars(self)["_fast_path"] = None  # so that the next call checks the tree
        return hand_out_tree(tree, f"net.{name}")

    # Modes.

    def train(self, mode: bool = True) -> Self:
        """Sets the mode of this module and all below it: training, or evaluation if ``mode`` is False."""
        if self._pure or access.present(self) is not self:
            raise RuntimeError(
                f"{type(self).__name__}: the mode can't be changed inside a pure call: set it before, or call the "
                "module with training="
            )
        if not isinstance(mode, bool):
            raise ValueError(f"train: mode must be True or False, got {mode!r}")
        for module in self.modules():
            if module.training != mode:
                vars(module)["training"] = mode
                module._touched()
        return self

    def eval(self) -> Self:
        """Sets evaluation mode in this module and all below it."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Sets whether an optimizer trains the parameters of this module and all below it."""
        if self._pure or access.present(self) is not self:
            raise RuntimeError(
                f"{type(self).__name__}: requires_grad_ inside a pure call would be lost: call it before"
            )
        if not isinstance(requires_grad, bool):
            raise TypeError(f"requires_grad_ takes True or False, got {requires_grad!r}")
        for variable in structure(self).parameters.values():
            variable.requires_grad = requires_grad
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Does nothing: gradients are values here, and nobody keeps them. Accepted for compatibility with PyTorch."""

    def share_memory(self) -> Self:
        """Does nothing: threads share arrays as they are. Accepted for compatibility with PyTorch."""
        return self

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Calls ``fn`` on every module, children first."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    # Calls.

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        fast = self._fast_path
        if fast is not None and len(args) == 1 and not kwargs:
            x = args[0]
            if type(x) is fast.kind and access.in_pure_call() is None:
                if trees_handed_out or arrays_handed_out:
                    check_handed_out()
                return fast.call(x)
        if not self._pure:
            check_handed_out()
            if (twin := access.present(self)) is not self:
                return twin(*args, **kwargs)
            if tracing.is_staged():
                access.add_constant(self)
        try:
            return self._hooked(args, kwargs) if self._pre_hooks or self._hooks else self._run(args, kwargs)
        except Exception as error:
            move_location(error, self)
            raise

    def _run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self._pure:
            return super()._run(args, kwargs)
        training, rng = self._pop_words(kwargs)
        known = structure(self)
        if self._is_compiled and not known.lazy:
            return eager.compiled(self, args, kwargs, training, rng)
        if training is not None or rng is not None:
            if known.lazy:
                raise ValueError(f"{type(self).__name__} has no arrays yet: call it once without training= and rng=")
            return pure_calls.call_with_overrides(self, args, kwargs, training, rng)
        generator = random.default_generator()
        if random.around() is generator and access.joins(known.variables):  # most calls are inside another call
            return self._call_with_context(self.forward, args, kwargs)
        with access.steady(known.variables), random.drawing_from(generator):
            return self._call_with_context(self.forward, args, kwargs)

    def compile(self, *, disable: bool = False, **kwargs: object) -> Self:
        """Runs each call of the whole ``forward`` under one ``jax.jit`` from now on; returns the module.

        Args:
            disable: whether calls run eagerly again, as they do under ``jax.disable_jit()``.
            kwargs: ``torch.compile``'s other options; ignored, accepted for compatibility with PyTorch.
        """
        vars(self)["_compiled"] = not disable
        self._touched()
        return self

    def _materialize(self, layer: Layer) -> None:
        if self._pure:
            return super()._materialize(layer)
        with jax.ensure_compile_time_eval():  # the arrays outlive a trace that this call may be part of
            self._become(layer, random.Concrete(random.default_generator()))
        access.track(self)
        self._touched()

    def _next_key(self) -> Any:
        return super()._next_key() if self._pure else random.default_generator().next()

    # Copies.

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in _NOT_SAVED}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._init_fields()
        vars(self).update(state)
        access.track(self)

    def _get_name(self) -> str:
        name = type(self).__name__
        return super()._get_name() if type(self._layer).__name__ == name else name


_NOT_SAVED = {"_structure", "_watchers", "_fast_path", "_programs", "_made_in", "_born_in"}
